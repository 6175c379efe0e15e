# Files without order numbers: cdnow, rfm; without a header: groceries;
# without orders: febrl.
. "${CRM_TOP:?run this by tests/run.sh}/tests/cli/lib.sh"
need_data cdnow/cdnowElog.csv rfm/rfm_data_orders.csv \
    groceries/groceries.csv febrl1/dataset1.csv

sum()
{
	awk -F '\t' -v want="$1" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == want) c = i; next }
		{ s += $c } END { printf "%.2f\n", s }'
}

new_store --currency USD --timezone UTC --country US
works crm-import --map cdnow "$CRM_DATA/cdnow/cdnowElog.csv"
out_is 'map cdnow: 6919 rows: 2357 customers, 6919 orders were added; 0 changed; 0 rejected'
is 'cdnow in all' "$(crm-order lines | sum amount)" 244091.94
works crm-import --map cdnow "$CRM_DATA/cdnow/cdnowElog.csv"
out_has 'nothing was added; 0 changed'

works crm-import --detect "$CRM_DATA/rfm/rfm_data_orders.csv"
out_has 'map rfm'
works crm-import --map rfm "$CRM_DATA/rfm/rfm_data_orders.csv"
out_is 'map rfm: 4906 rows: 995 customers, 4906 orders were added; 0 changed; 0 rejected'
is 'both in all' "$(crm-order list | sum total)" 708249.94
works crm-import --map rfm "$CRM_DATA/rfm/rfm_data_orders.csv"
out_has 'nothing was added; 0 changed'

works crm-import --map groceries "$CRM_DATA/groceries/groceries.csv"
out_is 'map groceries: 9835 rows: 169 products, 9835 orders were added; 0 changed; 0 rejected'
works crm-import --map febrl "$CRM_DATA/febrl1/dataset1.csv"
out_is 'map febrl: 1000 rows: 1000 customers were added; 0 changed; 0 rejected'
is 'all customers' "$(crm-customer list --count)" 4352
works crm-store check
done_testing
