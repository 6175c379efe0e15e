-- What crm-rfm prints: orders that count, revenue after refunds, five parts
-- at the quantiles of type 7, a value at a cut in the part below.
COPY (
WITH f AS (
    SELECT customer_id,
	DATE '@TODAY@' - max(placed) FILTER (c)::DATE AS recency,
	count(*) FILTER (c) AS frequency,
	CAST(sum(revenue) * 100 AS BIGINT) AS monetary
    FROM (SELECT customer_id, placed, revenue, type = 'order' AND
	    status NOT IN ('cart', 'pending', 'cancelled') AS c
	FROM orders WHERE customer_id IS NOT NULL)
    GROUP BY customer_id HAVING count(*) FILTER (c) > 0),
q AS (
    SELECT quantile_cont(recency, [0.2, 0.4, 0.6, 0.8]) AS qr,
	quantile_cont(frequency, [0.2, 0.4, 0.6, 0.8]) AS qf,
	quantile_cont(monetary, [0.2, 0.4, 0.6, 0.8]) AS qm
    FROM f),
s AS (
    SELECT f.*, 5 - (recency > qr[1])::INT - (recency > qr[2])::INT -
	    (recency > qr[3])::INT - (recency > qr[4])::INT AS r,
	1 + (frequency > qf[1])::INT + (frequency > qf[2])::INT +
	    (frequency > qf[3])::INT + (frequency > qf[4])::INT AS fs,
	1 + (monetary > qm[1])::INT + (monetary > qm[2])::INT +
	    (monetary > qm[3])::INT + (monetary > qm[4])::INT AS m
    FROM f, q)
SELECT customer_id, recency, frequency, monetary, r, fs, m,
    r * 100 + fs * 10 + m FROM s ORDER BY customer_id
) TO '@OUT@' (DELIMITER '\t', HEADER);
