-- How DuckDB and PostgreSQL hold the shop.
CREATE TABLE customer (customer_id BIGINT, name TEXT, type TEXT,
    email TEXT, phone TEXT, country TEXT, city TEXT, given TEXT, family TEXT,
    company TEXT, street TEXT, postcode TEXT, region TEXT, language TEXT,
    birth_date DATE, channel TEXT, campaign TEXT, created TIMESTAMP);
CREATE TABLE product (product_id BIGINT, sku TEXT, name TEXT, type TEXT,
    category TEXT, price DECIMAL(18,2), cost DECIMAL(18,2), created TIMESTAMP);
CREATE TABLE orders (order_id BIGINT, customer_id BIGINT, placed TIMESTAMP,
    number TEXT, status TEXT, channel TEXT, currency TEXT,
    total DECIMAL(18,2), base_total DECIMAL(18,2), revenue DECIMAL(18,2),
    paid DECIMAL(18,2), refunded DECIMAL(18,2), type TEXT, campaign TEXT,
    branch TEXT, prices_include_tax TEXT, ship_name TEXT, ship_street TEXT,
    ship_postcode TEXT, ship_city TEXT, ship_country TEXT);
CREATE TABLE line (order_id BIGINT, no INTEGER, product_id BIGINT,
    sku TEXT, text TEXT, quantity INTEGER, price DECIMAL(18,2), amount DECIMAL(18,2),
    line_tax DECIMAL(18,2), line_cost DECIMAL(18,2));
CREATE TABLE adjustment (order_id BIGINT, no INTEGER, adjustment TEXT,
    code TEXT, adjusted DECIMAL(18,2), adjustment_tax DECIMAL(18,2));
CREATE TABLE track (order_id BIGINT, no INTEGER, happened TIMESTAMP, what TEXT,
    line INTEGER, quantity INTEGER, amount DECIMAL(18,2), method TEXT,
    reason TEXT);
