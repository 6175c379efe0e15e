/*
 * kinds_model.c - the fields of a model that was fitted to customers.
 *
 * No double is stored: a parameter is a decimal of 9 places, a covariance a
 * text of decimals of 12, and whoever predicts takes the digits that are
 * stored, so that they give what the fit gave.
 */
#include "kinds.h"

#define RO CRM_F_READONLY
#define WIDE CRM_F_WIDE

const struct crm_field crm_kind_model[] = {
    {"model_id", CRM_T_ID, CRM_K_MODEL, 0, RO, NULL, "its number"},
    {"model", CRM_T_ENUM, 0, 1, RO | CRM_F_REQUIRED, "bg-nbd,pareto-nbd",
	"which model of purchases"},
    {"unit", CRM_T_ENUM, 0, 2, RO | CRM_F_REQUIRED, "day,week",
	"the unit of time of its parameters"},
    {"until", CRM_T_DATE, 0, 3, RO, NULL,
	"the last day of the purchases it was fitted on"},
    {"customers", CRM_T_INT, 0, 4, RO, NULL, "customers it was fitted on"},
    {"repeaters", CRM_T_INT, 0, 5, RO, NULL, "those who bought again"},
    {"repeats", CRM_T_INT, 0, 6, RO, NULL,
	"days with a purchase after the first, of all of them"},
    {"r", CRM_T_DECIMAL, 0, 7, RO, NULL, "shape of the rates of purchase"},
    {"alpha", CRM_T_DECIMAL, 0, 8, RO, NULL,
	"scale of the rates of purchase, units of time"},
    {"a", CRM_T_DECIMAL, 0, 9, RO, NULL,
	"of the probabilities to leave after a purchase (bg-nbd)"},
    {"b", CRM_T_DECIMAL, 0, 10, RO, NULL, "the other parameter of them"},
    {"s", CRM_T_DECIMAL, 0, 11, RO, NULL,
	"shape of the rates of leaving (pareto-nbd)"},
    {"beta", CRM_T_DECIMAL, 0, 12, RO, NULL,
	"scale of the rates of leaving, units of time"},
    {"loglik", CRM_T_DECIMAL, 0, 13, RO, NULL,
	"logarithm of the likelihood of the purchases"},
    {"p", CRM_T_DECIMAL, 0, 14, RO, NULL, "shape of the money of a purchase"},
    {"q", CRM_T_DECIMAL, 0, 15, RO, NULL,
	"shape of the customers' rates of money"},
    {"gamma", CRM_T_DECIMAL, 0, 16, RO, NULL, "scale of them, money"},
    {"spenders", CRM_T_INT, 0, 17, RO, NULL,
	"customers the money was fitted on"},
    {"spend_loglik", CRM_T_DECIMAL, 0, 18, RO, NULL,
	"logarithm of the likelihood of the money"},
    {"correlation", CRM_T_DECIMAL, 0, 19, RO, NULL,
	"of money with the number of purchases, near 0 as assumed"},
    {"starts", CRM_T_INT, 0, 20, RO, NULL, "starts of the search, of which"},
    {"agreed", CRM_T_INT, 0, 21, RO, NULL, "came to this optimum"},
    {"gradient", CRM_T_DECIMAL, 0, 22, RO, NULL,
	"the largest slope left there, of a customer's mean logarithm"},
    {"condition", CRM_T_DECIMAL, 0, 23, RO, NULL,
	"how nearly parameters stand for each other; past 1000 much"},
    {"covariance", CRM_T_TEXT, 0, 24, RO, NULL,
	"of the logarithms of the four parameters, its lower triangle"},
    {"spend_covariance", CRM_T_TEXT, 0, 25, RO, NULL,
	"the same of p, q and gamma"},
    {"currency", CRM_T_TEXT, 0, 26, RO | WIDE, NULL, "of the money"},
    {"data_revision", CRM_T_INT, 0, 27, RO | WIDE, NULL,
	"the store's revision it was fitted on"},
    {"note", CRM_T_TEXT, 0, 28, WIDE, NULL, "a remark"},
    {"created", CRM_T_TIME, 0, 29, RO | WIDE, NULL, "when it was fitted"},
    {"revision", CRM_T_INT, 0, 0, RO | CRM_F_VIRTUAL | WIDE, NULL,
	"of the store that changed it last; set - honours it"},
    {"edge", CRM_T_TEXT, 0, 30, RO, NULL,
	"what goes to 0 or infinity, where there is no peak"},
};
