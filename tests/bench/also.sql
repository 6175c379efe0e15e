-- What crm-recommend build --by together prints: the ten products that are
-- most often in an order with each, two times and more, and more often than by
-- chance.
COPY (
WITH l AS (
    SELECT DISTINCT order_id, product_id FROM line JOIN orders USING (order_id)
    WHERE product_id IS NOT NULL AND type = 'order' AND
	status NOT IN ('cart', 'pending', 'cancelled')),
n AS (SELECT count(DISTINCT order_id) AS n FROM l),
h AS (SELECT product_id, count(*) AS has FROM l GROUP BY product_id),
p AS (
    SELECT a.product_id AS seed, b.product_id AS other, count(*) AS times
    FROM l a JOIN l b ON a.order_id = b.order_id AND
	a.product_id <> b.product_id
    GROUP BY 1, 2 HAVING count(*) >= 2),
r AS (
    SELECT seed, other, times, row_number() OVER (PARTITION BY seed
	ORDER BY times DESC, other) AS rank
    FROM p JOIN h x ON x.product_id = seed JOIN h y ON y.product_id = other, n
    WHERE times * n > x.has * y.has)
SELECT other, seed, rank, times FROM r WHERE rank <= 10 ORDER BY seed, rank
) TO '@OUT@' (DELIMITER '\t', HEADER);
