/*
 * crm.h - all of libcrm: customers, orders and their history in one store.
 *
 * The headers stand in the order of the library's rooms; each may use those
 * above it (text, config, query and store do not know each other).  Commands
 * include this file only.  `make lint` reads here which room a header is in.
 */
#ifndef CRM_H
#define CRM_H

/* base: memory, errors, numbers, time, text, files */
#include <crm/err.h>
#include <crm/buf.h>
#include <crm/hash.h>
#include <crm/num.h>
#include <crm/time.h>
#include <crm/utf8.h>
#include <crm/os.h>

/* schema: kinds of records, their fields, values */
#include <crm/schema.h>
#include <crm/lane.h>

/* text: reading and writing streams of records */
#include <crm/stream.h>
#include <crm/out.h>

/* config: YAML, the settings */
#include <crm/config.h>

/* query: the expression language, sorting */
#include <crm/expr.h>

/* store: ordered tables, transactions, records, the log */
#include <crm/store.h>
#include <crm/columns.h>
#include <crm/erased.h>
#include <crm/overlay.h>

/* model: customers, products, orders; changes, the ledger, the figures */
#include <crm/ledger.h>
#include <crm/model.h>
#include <crm/upkeep.h>
#include <crm/history.h>
#include <crm/past.h>
#include <crm/person.h>
#include <crm/order.h>
#include <crm/timeline.h>
#include <crm/task.h>
#include <crm/consents.h>
#include <crm/ticket.h>

/* import: maps, and the files of other systems by them */
#include <crm/import.h>

/* match: who is meant, and who is the same person */
#include <crm/match.h>
#include <crm/dedupe.h>
#include <crm/merge.h>

/* segment: segments of customers, who is in them and why */
#include <crm/segment.h>

/* stats: quantiles, scores, a synthetic shop */
#include <crm/stats.h>
#include <crm/basket.h>
#include <crm/pairs.h>
#include <crm/special.h>
#include <crm/rfm.h>
#include <crm/quality.h>
#include <crm/sales.h>
#include <crm/suggest.h>
#include <crm/lines.h>
#include <crm/clv.h>
#include <crm/cohort.h>
#include <crm/shift.h>
#include <crm/profit.h>
#include <crm/gen.h>

#endif
