/*
 * kinds.c - the built-in kinds: every field one row.
 *
 * The order of rows is the order of columns (new ones are added at the end),
 * the tag is what stands for the field on disk and is never used again for
 * another.  What decides the rows is the data model: an order is lines,
 * adjustments and dated events, and what can be computed from them is either
 * kept here as a READONLY field (checked by `crm-store check`) or VIRTUAL.
 */
#include "kinds.h"

#define RO CRM_F_READONLY
#define WIDE CRM_F_WIDE
#define PERS CRM_F_PERSONAL
#define FIGURE (CRM_F_FIGURE | CRM_F_READONLY)
#define KEPT (CRM_F_READONLY)
/* Of a record, not in it: the model fills it in. */
#define REVISION (CRM_F_READONLY | CRM_F_VIRTUAL | CRM_F_WIDE)

/* ---- customer: everybody the company deals with ---- */

static const struct crm_field customer_fields[] = {
    {"customer_id", CRM_T_ID, CRM_K_CUSTOMER, 0, RO, NULL, "its number"},
    {"name", CRM_T_TEXT, 0, 1, CRM_F_REQUIRED | CRM_F_WORDS | PERS, NULL,
	"the name to show; made of given and family, or company, when not "
	"given"},
    {"type", CRM_T_ENUM, 0, 2, 0, "person,organisation,household,unit",
	"what the party is"},
    {"email", CRM_T_TEXT, 0, 6, CRM_F_IDENT | PERS, NULL,
	"the primary e-mail address"},
    {"phone", CRM_T_TEXT, 0, 7, CRM_F_IDENT | PERS, NULL,
	"the primary telephone number, E.164"},
    {"country", CRM_T_TEXT, 0, 13, CRM_F_COUNTRY, NULL,
	"ISO 3166-1 alpha-2 code"},
    {"city", CRM_T_TEXT, 0, 11, PERS, NULL, "town of the address"},
    {"stage", CRM_T_ENUM, 0, 0, CRM_F_VIRTUAL,
	"prospect,established,developing,maintained,broken,won_back",
	"stage of the relationship in the role customer"},
    {"tier", CRM_T_TEXT, 0, 16, 0, NULL, "loyalty tier"},
    {"tags", CRM_T_LIST, 0, 17, 0, NULL, "free labels"},
    {"orders", CRM_T_INT, 0, 0, FIGURE, NULL, "orders that count"},
    {"first_order", CRM_T_TIME, 0, 0, FIGURE, NULL,
	"when the first was placed"},
    {"last_order", CRM_T_TIME, 0, 0, FIGURE, NULL, "when the last was placed"},
    {"revenue", CRM_T_MONEY, 0, 0, FIGURE | CRM_F_BASE, NULL,
	"goods without tax and shipping, after refunds"},
    {"given", CRM_T_TEXT, 0, 3, WIDE | CRM_F_WORDS | PERS, NULL, "given name"},
    {"family", CRM_T_TEXT, 0, 4, WIDE | CRM_F_WORDS | PERS, NULL,
	"family name"},
    {"company", CRM_T_TEXT, 0, 5, WIDE | CRM_F_WORDS, NULL, "company"},
    {"parent_id", CRM_T_ID, CRM_K_CUSTOMER, 8, WIDE | CRM_F_INDEX, NULL,
	"the company or household it belongs to"},
    {"street", CRM_T_TEXT, 0, 9, WIDE | PERS, NULL, "street and number"},
    {"postcode", CRM_T_TEXT, 0, 10, WIDE | PERS, NULL, "postal code"},
    {"region", CRM_T_TEXT, 0, 12, WIDE, NULL, "state or province"},
    {"language", CRM_T_TEXT, 0, 14, WIDE, NULL, "BCP 47 language tag"},
    {"birth_date", CRM_T_DATE, 0, 15, WIDE | PERS, NULL, "date of birth"},
    {"roles", CRM_T_LIST, 0, 0, WIDE | CRM_F_VIRTUAL, NULL,
	"of customer supplier distributor retailer partner internal prospect"},
    {"stage_since", CRM_T_TIME, 0, 0, WIDE | CRM_F_VIRTUAL | RO, NULL,
	"since when the role customer has its stage"},
    {"owner", CRM_T_TEXT, 0, 0, WIDE | CRM_F_VIRTUAL, NULL,
	"who looks after the role customer"},
    {"channel", CRM_T_TEXT, 0, 18, WIDE, NULL, "where they first came in"},
    {"campaign", CRM_T_TEXT, 0, 19, WIDE, NULL,
	"the campaign that brought them"},
    {"referrer", CRM_T_TEXT, 0, 20, WIDE, NULL,
	"the page or person that sent them"},
    {"source", CRM_T_TEXT, 0, 21, WIDE, NULL, "the data's source"},
    {"note", CRM_T_TEXT, 0, 22, WIDE | PERS, NULL, "a remark"},
    {"created", CRM_T_TIME, 0, 23, WIDE | CRM_F_FIXED, NULL,
	"since when they are known"},
    {"spent", CRM_T_MONEY, 0, 0, FIGURE | CRM_F_BASE | WIDE, NULL,
	"totals of the orders that count, less refunds"},
    {"refunded", CRM_T_MONEY, 0, 0, FIGURE | CRM_F_BASE | WIDE, NULL,
	"money given back"},
    {"discounts", CRM_T_MONEY, 0, 0, FIGURE | CRM_F_BASE | WIDE, NULL,
	"discounts and coupons, a positive number"},
    {"cost", CRM_T_MONEY, 0, 0, FIGURE | CRM_F_BASE | WIDE, NULL,
	"cost of the goods kept"},
    {"items", CRM_T_DECIMAL, 0, 0, FIGURE | WIDE, NULL,
	"units bought, less those returned"},
    {"returns", CRM_T_INT, 0, 0, FIGURE | WIDE, NULL,
	"orders of which something came back"},
    {"revision", CRM_T_INT, 0, 0, REVISION, NULL,
	"of the store that changed it last; set - honours it"},
    {"open_tickets", CRM_T_INT, 0, 0, FIGURE | WIDE, NULL,
	"tickets that are not closed"},
    {"tickets", CRM_T_INT, 0, 0, FIGURE | WIDE, NULL,
	"tickets there have been"},
    {"touches", CRM_T_INT, 0, 0, FIGURE | WIDE, NULL,
	"contacts, in and out, by any channel"},
    {"last_touch", CRM_T_TIME, 0, 0, FIGURE | WIDE, NULL,
	"when the last contact was"},
};

static const struct crm_field identity_fields[] = {
    {"scheme", CRM_T_TEXT, 0, 1, CRM_F_REQUIRED, NULL,
	"email, phone, or the name of the system"},
    {"value", CRM_T_TEXT, 0, 2, CRM_F_REQUIRED | PERS, NULL,
	"what that system calls the record"},
    {"shared", CRM_T_BOOL, 0, 3, 0, NULL,
	"several records may have it (a family's address)"},
};

static const struct crm_field role_fields[] = {
    {"role", CRM_T_ENUM, 0, 1, CRM_F_REQUIRED,
	"customer,supplier,distributor,retailer,partner,internal,prospect",
	"what the party is to the company"},
    {"role_stage", CRM_T_ENUM, 0, 2, 0,
	"prospect,established,developing,maintained,broken,won_back",
	"stage of that relationship"},
    {"since", CRM_T_TIME, 0, 3, 0, NULL, "since when it has that stage"},
    {"role_owner", CRM_T_TEXT, 0, 4, 0, NULL, "who looks after it"},
};

static const struct crm_part customer_parts[] = {
    {"identity", "i", 1000, sizeof identity_fields / sizeof *identity_fields,
	identity_fields, "other names it is known by"},
    {"role", "r", 1001, sizeof role_fields / sizeof *role_fields, role_fields,
	"roles, each with its stage"},
};

/* ---- product: every sellable unit ---- */

static const struct crm_field product_fields[] = {
    {"product_id", CRM_T_ID, CRM_K_PRODUCT, 0, RO, NULL, "its number"},
    {"sku", CRM_T_TEXT, 0, 1, CRM_F_IDENT | CRM_F_REQUIRED, NULL,
	"stock keeping unit"},
    {"name", CRM_T_TEXT, 0, 2, 0, NULL, "what it is called"},
    {"type", CRM_T_ENUM, 0, 3, 0, "good,service,gift_card", "what it is"},
    {"category", CRM_T_TEXT, 0, 5, 0, NULL, "category, levels with / between"},
    {"brand", CRM_T_TEXT, 0, 6, 0, NULL, "brand"},
    {"price", CRM_T_MONEY, 0, 9, CRM_F_BASE, NULL, "list price"},
    {"cost", CRM_T_MONEY, 0, 10, CRM_F_BASE, NULL, "cost of one unit"},
    {"stage", CRM_T_ENUM, 0, 11, 0,
	"planned,introduced,growing,mature,declining,discontinued",
	"stage of its life"},
    {"tags", CRM_T_LIST, 0, 12, 0, NULL, "free labels"},
    {"parent_id", CRM_T_ID, CRM_K_PRODUCT, 4, CRM_F_INDEX | WIDE, NULL,
	"the product it is a variant of"},
    {"department", CRM_T_TEXT, 0, 13, WIDE, NULL, "department"},
    {"manufacturer", CRM_T_TEXT, 0, 7, WIDE, NULL, "manufacturer"},
    {"size", CRM_T_TEXT, 0, 14, WIDE, NULL, "size of the package"},
    {"unit", CRM_T_TEXT, 0, 8, WIDE, NULL, "unit its quantity is in"},
    {"gtin", CRM_T_TEXT, 0, 15, CRM_F_IDENT | WIDE, NULL,
	"global trade item number (EAN, UPC)"},
    {"source", CRM_T_TEXT, 0, 16, WIDE, NULL, "the data's source"},
    {"note", CRM_T_TEXT, 0, 17, WIDE, NULL, "a remark"},
    {"created", CRM_T_TIME, 0, 18, WIDE | CRM_F_FIXED, NULL,
	"since when it is known"},
    {"revision", CRM_T_INT, 0, 0, REVISION, NULL,
	"of the store that changed it last; set - honours it"},
};

static const struct crm_field component_fields[] = {
    {"component", CRM_T_ID, CRM_K_PRODUCT, 1, CRM_F_REQUIRED, NULL,
	"a product in the bundle"},
    {"quantity", CRM_T_DECIMAL, 0, 2, CRM_F_REQUIRED, NULL, "how many of it"},
};

static const struct crm_part product_parts[] = {
    {"identity", "i", 1000, sizeof identity_fields / sizeof *identity_fields,
	identity_fields, "other names it is known by"},
    {"component", "k", 1001, sizeof component_fields / sizeof *component_fields,
	component_fields, "what a bundle is made of"},
};

/* ---- order: a document of lines, adjustments and dated events ---- */

static const struct crm_field order_fields[] = {
    {"order_id", CRM_T_ID, CRM_K_ORDER, 0, RO, NULL, "its number"},
    {"customer_id", CRM_T_ID, CRM_K_CUSTOMER, 1, CRM_F_LINES, NULL,
	"who is counted; empty at a shop's counter"},
    {"placed", CRM_T_TIME, 0, 2, CRM_F_REQUIRED | CRM_F_LINES, NULL,
	"when it was placed"},
    {"number", CRM_T_TEXT, 0, 5, CRM_F_IDENT, NULL, "the shop's own number"},
    {"status", CRM_T_ENUM, 0, 30, KEPT,
	"cart,pending,placed,paid,shipped,delivered,returned,cancelled",
	"how far it has come, computed from state, lines and events"},
    {"channel", CRM_T_TEXT, 0, 10, CRM_F_LINES, NULL,
	"web, phone, shop, market place"},
    {"currency", CRM_T_TEXT, 0, 3, CRM_F_FIXED | CRM_F_LINES, NULL,
	"ISO 4217; the store's when not given"},
    {"total", CRM_T_MONEY, 0, 31, KEPT, NULL,
	"lines and adjustments, with tax and shipping"},
    {"base_total", CRM_T_MONEY, 0, 32, KEPT | CRM_F_BASE, NULL,
	"the total in the store's currency"},
    {"revenue", CRM_T_MONEY, 0, 33, KEPT | CRM_F_BASE, NULL,
	"goods without tax and shipping, after refunds, as far as it counts"},
    {"paid", CRM_T_MONEY, 0, 34, KEPT, NULL, "payments"},
    {"refunded", CRM_T_MONEY, 0, 35, KEPT, NULL, "refunds"},
    {"type", CRM_T_ENUM, 0, 6, CRM_F_FIXED | WIDE, "order,credit",
	"a credit names no original; it lowers money and is no order"},
    {"state", CRM_T_ENUM, 0, 7, WIDE, "cart,pending,open",
	"a cart and a pending order do not count yet"},
    {"rate", CRM_T_DECIMAL, 0, 4, CRM_F_FIXED | WIDE, NULL,
	"base currency for one unit of currency on that day"},
    {"contact_id", CRM_T_ID, CRM_K_CUSTOMER, 8, WIDE, NULL, "who acted"},
    {"seller_id", CRM_T_ID, CRM_K_CUSTOMER, 9, WIDE, NULL,
	"who sold, when it was not the shop"},
    {"campaign", CRM_T_TEXT, 0, 11, WIDE, NULL, "the campaign that led to it"},
    {"referrer", CRM_T_TEXT, 0, 12, WIDE, NULL, "the page or person before it"},
    {"branch", CRM_T_TEXT, 0, 13, WIDE, NULL, "the shop or branch"},
    {"prices_include_tax", CRM_T_BOOL, 0, 14, CRM_F_FIXED | WIDE, NULL,
	"amounts are with tax"},
    {"replaces_id", CRM_T_ID, CRM_K_ORDER, 15, WIDE, NULL,
	"the order this one is an exchange for"},
    {"recurring", CRM_T_BOOL, 0, 16, WIDE, NULL, "by subscription"},
    {"guest", CRM_T_BOOL, 0, 17, WIDE, NULL, "ordered without an account"},
    {"test", CRM_T_BOOL, 0, 18, WIDE, NULL, "a test, left out of all figures"},
    {"tags", CRM_T_LIST, 0, 19, WIDE, NULL, "free labels"},
    {"note", CRM_T_TEXT, 0, 20, WIDE | PERS, NULL, "a remark"},
    {"source", CRM_T_TEXT, 0, 21, WIDE, NULL, "the data's source"},
    {"goods", CRM_T_MONEY, 0, 36, KEPT | WIDE, NULL,
	"amounts of the lines, before adjustments"},
    {"discount", CRM_T_MONEY, 0, 37, KEPT | WIDE, NULL,
	"discounts and coupons, negative"},
    {"shipping", CRM_T_MONEY, 0, 38, KEPT | WIDE, NULL, "shipping"},
    {"tax", CRM_T_MONEY, 0, 39, KEPT | WIDE, NULL,
	"tax of lines and adjustments"},
    {"lines", CRM_T_INT, 0, 40, KEPT | WIDE, NULL, "number of lines"},
    {"items", CRM_T_DECIMAL, 0, 41, KEPT | WIDE, NULL,
	"units ordered, less cancelled and returned"},
    {"payment", CRM_T_ENUM, 0, 42, KEPT | WIDE,
	"unpaid,part,paid,part_refunded,refunded", "how far it is paid"},
    {"fulfilment", CRM_T_ENUM, 0, 43, KEPT | WIDE,
	"none,part,shipped,delivered", "how far it is shipped"},
    {"bill_name", CRM_T_TEXT, 0, 50, WIDE | PERS, NULL, "billed to"},
    {"bill_street", CRM_T_TEXT, 0, 51, WIDE | PERS, NULL, "billing street"},
    {"bill_postcode", CRM_T_TEXT, 0, 52, WIDE | PERS, NULL, "billing postcode"},
    {"bill_city", CRM_T_TEXT, 0, 53, WIDE | PERS, NULL, "billing town"},
    {"bill_region", CRM_T_TEXT, 0, 54, WIDE, NULL, "billing state"},
    {"bill_country", CRM_T_TEXT, 0, 55, WIDE, NULL, "billing country"},
    {"ship_name", CRM_T_TEXT, 0, 56, WIDE | PERS, NULL, "shipped to"},
    {"ship_street", CRM_T_TEXT, 0, 57, WIDE | PERS, NULL, "shipping street"},
    {"ship_postcode", CRM_T_TEXT, 0, 58, WIDE | PERS, NULL,
	"shipping postcode"},
    {"ship_city", CRM_T_TEXT, 0, 59, WIDE | PERS, NULL, "shipping town"},
    {"ship_region", CRM_T_TEXT, 0, 60, WIDE, NULL, "shipping state"},
    {"ship_country", CRM_T_TEXT, 0, 61, WIDE, NULL, "shipping country"},
    {"created", CRM_T_TIME, 0, 22, WIDE | CRM_F_FIXED, NULL,
	"when it was entered here"},
    {"revision", CRM_T_INT, 0, 0, REVISION, NULL,
	"of the store that changed it last; set - honours it"},
};

static const struct crm_field line_fields[] = {
    {"product_id", CRM_T_ID, CRM_K_PRODUCT, 1, 0, NULL, "what was bought"},
    {"sku", CRM_T_TEXT, 0, 2, 0, NULL, "its sku at the time"},
    {"text", CRM_T_TEXT, 0, 3, 0, NULL, "its name at the time"},
    {"quantity", CRM_T_DECIMAL, 0, 4, CRM_F_REQUIRED, NULL, "how many"},
    {"price", CRM_T_DECIMAL, 0, 5, 0, NULL, "of one unit, up to 6 places"},
    {"amount", CRM_T_MONEY, 0, 6, CRM_F_REQUIRED, NULL,
	"of the line; what counts, whatever price times quantity is"},
    {"line_tax", CRM_T_MONEY, 0, 7, 0, NULL, "tax of the line"},
    {"line_cost", CRM_T_MONEY, 0, 8, CRM_F_BASE, NULL,
	"cost of the whole line at the time"},
    {"returned", CRM_T_DECIMAL, 0, 9, KEPT, NULL, "units that came back"},
    {"cancelled", CRM_T_DECIMAL, 0, 10, KEPT, NULL, "units cancelled"},
    {"line_discount", CRM_T_MONEY, 0, 11, KEPT, NULL,
	"its share of discounts and coupons, negative"},
    {"line_type", CRM_T_ENUM, 0, 12, 0, "good,service,gift_card",
	"what the product was at the time; a gift card is no revenue"},
};

static const struct crm_field adjustment_fields[] = {
    {"adjustment", CRM_T_ENUM, 0, 1, CRM_F_REQUIRED,
	"discount,coupon,shipping,fee,tip,rounding,commission", "what it is"},
    {"code", CRM_T_TEXT, 0, 2, 0, NULL, "coupon or reason code"},
    {"adjusted", CRM_T_MONEY, 0, 3, CRM_F_REQUIRED, NULL,
	"the amount, negative for what lowers the total"},
    {"adjustment_tax", CRM_T_MONEY, 0, 4, 0, NULL, "tax in it"},
    {"line", CRM_T_INT, 0, 5, 0, NULL, "of this line; empty: of the order"},
};

static const struct crm_field order_event_fields[] = {
    {"at", CRM_T_TIME, 0, 1, CRM_F_REQUIRED, NULL, "when it happened"},
    {"what", CRM_T_ENUM, 0, 2, CRM_F_REQUIRED,
	"pay,ship,deliver,cancel,return,refund", "what happened"},
    {"line", CRM_T_INT, 0, 3, 0, NULL, "to this line; empty: to all"},
    {"quantity", CRM_T_DECIMAL, 0, 4, 0, NULL, "of so many units"},
    {"amount", CRM_T_MONEY, 0, 5, 0, NULL, "money paid or given back"},
    {"method", CRM_T_TEXT, 0, 6, 0, NULL, "means of payment, carrier"},
    {"reference", CRM_T_TEXT, 0, 7, 0, NULL, "transaction, tracking number"},
    {"reason", CRM_T_TEXT, 0, 8, PERS, NULL, "why"},
};

static const struct crm_part order_parts[] = {
    {"line", "", 1000, sizeof line_fields / sizeof *line_fields, line_fields,
	"what was bought"},
    {"adjustment", "a", 1001,
	sizeof adjustment_fields / sizeof *adjustment_fields, adjustment_fields,
	"discounts, shipping, fees"},
    {"track", "e", 1002, sizeof order_event_fields / sizeof *order_event_fields,
	order_event_fields, "what happened to it"},
    {"identity", "i", 1003, sizeof identity_fields / sizeof *identity_fields,
	identity_fields, "other names it is known by"},
};

/* ---- event: one append-only kind for what happened to any record ---- */

static const struct crm_field event_fields[] = {
    {"event_id", CRM_T_ID, CRM_K_EVENT, 0, RO, NULL, "its number"},
    {"about", CRM_T_ID, 0, 1, CRM_F_REQUIRED | CRM_F_INDEX, NULL,
	"the record it is about"},
    {"at", CRM_T_TIME, 0, 2, CRM_F_REQUIRED, NULL, "when it happened"},
    {"what", CRM_T_ENUM, 0, 3, CRM_F_REQUIRED,
	"stage,consent,note,remind,state,assign,word,moved,merge",
	"what happened"},
    {"topic", CRM_T_TEXT, 0, 4, 0, NULL,
	"the role, or channel/purpose; of a ticket who spoke, or the field"},
    {"old", CRM_T_TEXT, 0, 5, 0, NULL, "from"},
    {"new", CRM_T_TEXT, 0, 6, 0, NULL, "to"},
    {"reason", CRM_T_TEXT, 0, 7, PERS, NULL, "why, or the wording agreed to"},
    {"source", CRM_T_TEXT, 0, 8, 0, NULL, "where it is known from"},
    {"actor", CRM_T_TEXT, 0, 9, RO, NULL, "who entered it"},
    {"once", CRM_T_TEXT, 0, 10, WIDE | CRM_F_UNIQUE, NULL,
	"a key that occurs once"},
};

/* ---- rate: what a currency was worth ---- */

static const struct crm_field rate_fields[] = {
    {"rate_id", CRM_T_ID, CRM_K_RATE, 0, RO, NULL, "its number"},
    {"currency", CRM_T_TEXT, 0, 1, CRM_F_REQUIRED | CRM_F_INDEX, NULL,
	"ISO 4217"},
    {"day", CRM_T_DATE, 0, 2, CRM_F_REQUIRED, NULL, "of this day"},
    {"rate", CRM_T_DECIMAL, 0, 3, CRM_F_REQUIRED, NULL,
	"base currency for one unit of it"},
    {"source", CRM_T_TEXT, 0, 4, 0, NULL, "who published it"},
    {"revision", CRM_T_INT, 0, 0, REVISION, NULL,
	"of the store that changed it last; set - honours it"},
};

/* ---- relation: what parties are to each other ---- */

static const struct crm_field relation_fields[] = {
    {"relation_id", CRM_T_ID, CRM_K_RELATION, 0, RO, NULL, "its number"},
    {"from_id", CRM_T_ID, CRM_K_CUSTOMER, 1, CRM_F_REQUIRED | CRM_F_INDEX, NULL,
	"who supplies, distributes, employs, refers"},
    {"relation", CRM_T_ENUM, 0, 2, CRM_F_REQUIRED,
	"supplies,distributes_for,employs,household,refers,not_same",
	"what the one is to the other"},
    {"to_id", CRM_T_ID, CRM_K_CUSTOMER, 3, CRM_F_REQUIRED | CRM_F_INDEX, NULL,
	"whom"},
    {"since", CRM_T_DATE, 0, 4, 0, NULL, "its first day; empty: always"},
    {"until", CRM_T_DATE, 0, 5, 0, NULL, "the first day after it"},
    {"stage", CRM_T_ENUM, 0, 6, 0,
	"prospect,established,developing,maintained,broken,won_back",
	"stage of the relation"},
    {"strength", CRM_T_DECIMAL, 0, 7, 0, NULL, "from 0, none, to 1"},
    {"sentiment", CRM_T_DECIMAL, 0, 8, 0, NULL, "from -1, bad, to 1, good"},
    {"evidence", CRM_T_TEXT, 0, 9, WIDE | PERS, NULL,
	"what shows stage, strength and sentiment"},
    {"evidence_id", CRM_T_ID, 0, 10, WIDE, NULL,
	"the record that shows them: an order, a ticket"},
    {"source", CRM_T_TEXT, 0, 11, WIDE, NULL, "the data's source"},
    {"note", CRM_T_TEXT, 0, 12, WIDE | PERS, NULL, "a remark"},
    {"created", CRM_T_TIME, 0, 13, WIDE | CRM_F_FIXED, NULL,
	"since when it is known"},
    {"revision", CRM_T_INT, 0, 0, REVISION, NULL,
	"of the store that changed it last; set - honours it"},
};

/* ---- task: what is to be done, by whom, when ---- */

static const struct crm_field task_fields[] = {
    {"task_id", CRM_T_ID, CRM_K_TASK, 0, RO, NULL, "its number"},
    {"title", CRM_T_TEXT, 0, 1, CRM_F_REQUIRED | PERS, NULL,
	"what is to be done"},
    {"about", CRM_T_ID, 0, 2, CRM_F_INDEX, NULL,
	"the record it is about: a customer, an order, a ticket"},
    {"due", CRM_T_TIME, 0, 3, 0, NULL, "when it is to be done"},
    {"assignee", CRM_T_TEXT, 0, 4, 0, NULL, "who is to do it"},
    {"priority", CRM_T_ENUM, 0, 5, 0, "low,normal,high,urgent",
	"how much it matters"},
    {"state", CRM_T_ENUM, 0, 6, 0, "open,done,dropped",
	"is it still to be done"},
    {"remind", CRM_T_TIME, 0, 7, WIDE, NULL,
	"when to be reminded; empty: when it is due"},
    {"snoozed", CRM_T_TIME, 0, 8, WIDE, NULL, "put off until then"},
    {"every", CRM_T_TEXT, 0, 9, WIDE, NULL,
	"it comes again after so long: 1d 2w 1mo 1y"},
    {"mode", CRM_T_ENUM, 0, 10, WIDE, "fixed,after,catch_up",
	"by the calendar, after completion, or each missed one too"},
    {"lead", CRM_T_TEXT, 0, 11, WIDE, NULL,
	"the next is made so long before it is due: 3d"},
    {"closed", CRM_T_TIME, 0, 12, WIDE | RO, NULL,
	"when it was done or dropped"},
    {"result", CRM_T_TEXT, 0, 13, WIDE | PERS, NULL, "what came of it"},
    {"note", CRM_T_TEXT, 0, 14, WIDE | PERS, NULL, "a remark"},
    {"starts", CRM_T_TIME, 0, 15, WIDE | RO, NULL,
	"the due time from which its series counts"},
    {"follows_id", CRM_T_ID, CRM_K_TASK, 16, WIDE | RO | CRM_F_UNIQUE, NULL,
	"the task of its series before it"},
    {"source", CRM_T_TEXT, 0, 17, WIDE, NULL, "the data's source"},
    {"created", CRM_T_TIME, 0, 18, WIDE | CRM_F_FIXED, NULL,
	"when it was entered here"},
    {"revision", CRM_T_INT, 0, 0, REVISION, NULL,
	"of the store that changed it last; set - honours it"},
};

/* ---- snapshot: who came into a segment, and who went ---- */

static const struct crm_field snapshot_fields[] = {
    {"snapshot_id", CRM_T_ID, CRM_K_SNAPSHOT, 0, RO, NULL, "its number"},
    {"segment", CRM_T_TEXT, 0, 1, CRM_F_REQUIRED | CRM_F_INDEX, NULL,
	"the segment"},
    {"at", CRM_T_TIME, 0, 2, CRM_F_REQUIRED, NULL, "when it was taken"},
    {"members", CRM_T_INT, 0, 3, 0, NULL, "how many were in it then"},
    {"entered", CRM_T_INT, 0, 4, 0, NULL,
	"who came since the one before, in this record"},
    {"left", CRM_T_INT, 0, 5, 0, NULL,
	"who went since the one before, in this record"},
    {"definition", CRM_T_TEXT, 0, 6, WIDE, NULL, "its condition then"},
    {"came", CRM_T_TEXT, 0, 7, WIDE, NULL,
	"their numbers: so many not, so many in it, and again"},
    {"went", CRM_T_TEXT, 0, 8, WIDE, NULL, "the same of those who went"},
    {"revision", CRM_T_INT, 0, 0, REVISION, NULL, "of the store that has it"},
};

/* ---- touch: one contact, by whatever channel ---- */

/* "mail" is electronic, "post" is paper. */
#define CHANNELS "phone,mail,fax,web,shop,chat,post,community"

static const struct crm_field touch_fields[] = {
    {"touch_id", CRM_T_ID, CRM_K_TOUCH, 0, RO, NULL, "its number"},
    {"customer_id", CRM_T_ID, CRM_K_CUSTOMER, 1, CRM_F_INDEX, NULL,
	"whom it was with; empty: nobody knows"},
    {"at", CRM_T_TIME, 0, 2, CRM_F_REQUIRED, NULL, "when it was"},
    {"channel", CRM_T_ENUM, 0, 3, CRM_F_REQUIRED, CHANNELS, "by what"},
    {"direction", CRM_T_ENUM, 0, 4, CRM_F_REQUIRED, "in,out",
	"in: they turned to us; out: we to them"},
    {"subject", CRM_T_TEXT, 0, 5, PERS, NULL, "in a few words"},
    {"about", CRM_T_ID, 0, 6, CRM_F_INDEX, NULL,
	"the record it was about: a ticket, an order, a product"},
    {"agent", CRM_T_TEXT, 0, 7, 0, NULL, "who of us it was with"},
    {"cost", CRM_T_MONEY, 0, 8, CRM_F_BASE, NULL, "what it cost us"},
    {"duration", CRM_T_INT, 0, 9, 0, NULL, "how long it took, in seconds"},
    {"text", CRM_T_TEXT, 0, 10, WIDE | PERS, NULL, "what was said"},
    {"campaign", CRM_T_TEXT, 0, 11, WIDE, NULL, "the campaign it was part of"},
    {"tags", CRM_T_LIST, 0, 12, WIDE, NULL, "free labels"},
    {"source", CRM_T_TEXT, 0, 13, WIDE, NULL, "the data's source"},
    {"revision", CRM_T_INT, 0, 0, REVISION, NULL,
	"of the store that changed it last; set - honours it"},
};

/* ---- ticket: a matter somebody wants settled ---- */

static const struct crm_field ticket_fields[] = {
    {"ticket_id", CRM_T_ID, CRM_K_TICKET, 0, RO, NULL, "its number"},
    {"customer_id", CRM_T_ID, CRM_K_CUSTOMER, 1, CRM_F_INDEX, NULL,
	"whose matter it is"},
    {"opened", CRM_T_TIME, 0, 2, CRM_F_REQUIRED | CRM_F_FIXED, NULL,
	"when it was opened"},
    {"subject", CRM_T_TEXT, 0, 3, PERS, NULL, "in a few words"},
    {"type", CRM_T_ENUM, 0, 4, 0, "inquiry,complaint,opinion,request",
	"what is wanted"},
    {"priority", CRM_T_ENUM, 0, 5, 0, "low,normal,high,urgent", "how pressing"},
    {"state", CRM_T_ENUM, 0, 6, 0, "new,open,waiting,held,closed",
	"whose turn it is: nobody's yet, ours, theirs, a third party's"},
    {"state_since", CRM_T_TIME, 0, 7, KEPT | WIDE, NULL,
	"since when it has that state"},
    {"assignee", CRM_T_TEXT, 0, 8, 0, NULL, "who works on it"},
    {"team", CRM_T_TEXT, 0, 9, 0, NULL, "whose work it is"},
    {"first_answer", CRM_T_TIME, 0, 10, KEPT | WIDE, NULL,
	"when we first said something"},
    {"last_word", CRM_T_ENUM, 0, 11, KEPT, "customer,agent",
	"who said something last"},
    {"last_at", CRM_T_TIME, 0, 12, KEPT, NULL, "when that was"},
    {"channel", CRM_T_ENUM, 0, 13, WIDE, CHANNELS, "by what it came in"},
    {"about", CRM_T_ID, 0, 14, CRM_F_INDEX | WIDE, NULL,
	"the record it is about: an order, a product"},
    {"words", CRM_T_INT, 0, 15, KEPT | WIDE, NULL,
	"how often something was said, by them or us"},
    {"reopened", CRM_T_INT, 0, 16, KEPT | WIDE, NULL,
	"how often it was closed in vain"},
    {"tags", CRM_T_LIST, 0, 17, WIDE, NULL, "free labels"},
    {"note", CRM_T_TEXT, 0, 18, WIDE | PERS, NULL, "a remark"},
    {"source", CRM_T_TEXT, 0, 19, WIDE, NULL, "the data's source"},
    {"revision", CRM_T_INT, 0, 0, REVISION, NULL,
	"of the store that changed it last; set - honours it"},
};

/* Of touches and tickets: what other systems call them. */
static const struct crm_part talk_parts[] = {
    {"identity", "i", 1000, sizeof identity_fields / sizeof *identity_fields,
	identity_fields, "other names it is known by"},
};

#define COUNT(a) (uint16_t)(sizeof(a) / sizeof *(a))

const struct crm_kind crm_kinds_builtin[] = {
    {"customer", "C", CRM_K_CUSTOMER, COUNT(customer_parts),
	COUNT(customer_fields), customer_fields, customer_parts, "created",
	"everybody the company deals with"},
    {"product", "P", CRM_K_PRODUCT, COUNT(product_parts), COUNT(product_fields),
	product_fields, product_parts, "created", "what is sold"},
    {"order", "O", CRM_K_ORDER, COUNT(order_parts), COUNT(order_fields),
	order_fields, order_parts, "placed", "what was bought"},
    {"event", "E", CRM_K_EVENT, 0, COUNT(event_fields), event_fields, NULL,
	"at", "stages, consents, notes, threads of tickets"},
    {"rate", "X", CRM_K_RATE, 0, COUNT(rate_fields), rate_fields, NULL, "day",
	"rates of exchange"},
    {"relation", "RL", CRM_K_RELATION, 0, COUNT(relation_fields),
	relation_fields, NULL, "since", "what parties are to each other"},
    {"task", "K", CRM_K_TASK, 0, COUNT(task_fields), task_fields, NULL, "due",
	"what is to be done, by whom, when"},
    {"snapshot", "SN", CRM_K_SNAPSHOT, 0, COUNT(snapshot_fields),
	snapshot_fields, NULL, "at", "who entered and left segments"},
    {"ticket", "T", CRM_K_TICKET, COUNT(talk_parts), COUNT(ticket_fields),
	ticket_fields, talk_parts, "opened", "matters to be settled"},
    {"touch", "H", CRM_K_TOUCH, COUNT(talk_parts), COUNT(touch_fields),
	touch_fields, talk_parts, "at", "contacts, by whatever channel"},
    {"model", "MD", CRM_K_MODEL, 0, CRM_KIND_MODEL, crm_kind_model, NULL,
	"created", "what was fitted to customers"},
    {0},
};

/* One registry of all letters, those of later kinds included, so that none
 * is given twice. */
const struct crm_letter crm_letters[] = {
    {CRM_K_CUSTOMER, "customer", "C"},
    {CRM_K_PRODUCT, "product", "P"},
    {CRM_K_ORDER, "order", "O"},
    {CRM_K_EVENT, "event", "E"},
    {CRM_K_RATE, "rate", "X"},
    {CRM_K_TICKET, "ticket", "T"},
    {CRM_K_TOUCH, "touch", "H"},
    {CRM_K_RELATION, "relation", "RL"},
    {CRM_K_TASK, "task", "K"},
    {10, "campaign", "M"},
    {11, "opportunity", "Q"},
    {12, "quote", "QT"},
    {13, "contract", "CT"},
    {14, "survey", "S"},
    {15, "feedback", "F"},
    {16, "asset", "A"},
    {17, "document", "D"},
    {18, "rule", "R"},
    {19, "price", "PR"},
    {20, "stock", "ST"},
    {21, "user", "U"},
    {22, "article", "KB"},
    {23, "coupon", "CO"},
    {24, "process", "W"},
    {25, "post", "CP"},
    {CRM_K_MODEL, "model", "MD"},
    {27, "definition", "DF"},
    {28, "goal", "G"},
    {CRM_K_SNAPSHOT, "snapshot", "SN"},
    {0, NULL, NULL},
};
