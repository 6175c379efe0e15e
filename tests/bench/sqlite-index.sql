CREATE INDEX customer_email ON customer (email);
CREATE INDEX customer_phone ON customer (phone);
CREATE UNIQUE INDEX product_sku ON product (sku);
CREATE INDEX order_customer ON orders (customer_id, placed);
CREATE INDEX order_placed ON orders (placed);
CREATE UNIQUE INDEX order_number ON orders (number);
CREATE INDEX line_product ON line (product_id);
