/*
 * crm.h - all of libcrm: customers, orders and their history in one store.
 *
 * The headers stand in the order of the library's rooms; each may use those
 * above it (text, config, query and store do not know each other).  Commands
 * include this file only.
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

#endif
