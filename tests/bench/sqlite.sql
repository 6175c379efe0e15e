-- How sqlite3 holds the shop: numbers as keys, money in cents, times as text
-- (they sort), lines together with their order.
CREATE TABLE customer (customer_id INTEGER PRIMARY KEY, name TEXT, type TEXT,
    email TEXT, phone TEXT, country TEXT, city TEXT, given TEXT, family TEXT,
    company TEXT, street TEXT, postcode TEXT, region TEXT, language TEXT,
    birth_date TEXT, channel TEXT, campaign TEXT, created TEXT);
CREATE TABLE product (product_id INTEGER PRIMARY KEY, sku TEXT, name TEXT,
    type TEXT, category TEXT, price INTEGER, cost INTEGER, created TEXT);
CREATE TABLE orders (order_id INTEGER PRIMARY KEY, customer_id INTEGER,
    placed TEXT, number TEXT, status TEXT, channel TEXT, currency TEXT,
    total INTEGER, base_total INTEGER, revenue INTEGER, paid INTEGER,
    refunded INTEGER, type TEXT, campaign TEXT, branch TEXT,
    prices_include_tax TEXT, ship_name TEXT, ship_street TEXT,
    ship_postcode TEXT, ship_city TEXT, ship_country TEXT);
CREATE TABLE line (order_id INTEGER, no INTEGER, product_id INTEGER,
    sku TEXT, text TEXT, quantity INTEGER, price INTEGER, amount INTEGER, line_tax INTEGER,
    line_cost INTEGER, PRIMARY KEY (order_id, no)) WITHOUT ROWID;
CREATE TABLE adjustment (order_id INTEGER, no INTEGER, adjustment TEXT,
    code TEXT, adjusted INTEGER, adjustment_tax INTEGER,
    PRIMARY KEY (order_id, no)) WITHOUT ROWID;
CREATE TABLE track (order_id INTEGER, no INTEGER, happened TEXT, what TEXT,
    line INTEGER, quantity INTEGER, amount INTEGER, method TEXT, reason TEXT,
    PRIMARY KEY (order_id, no)) WITHOUT ROWID;
