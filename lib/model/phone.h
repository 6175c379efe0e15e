/*
 * phone.h - telephone numbers in the form of ITU-T E.164; for the room model.
 */
#ifndef CRM_MODEL_PHONE_H
#define CRM_MODEL_PHONE_H

#include <crm/schema.h>

/*
 * Appends "+4930123456": blanks, dots, slashes, dashes and brackets are
 * dropped, 00 (011 in North America) and + begin an international number,
 * another is national to the store's country.  CRM_EDATA with the reason.
 */
int crm_phone_normal(const struct crm_schema *s, struct crm_str value,
    struct crm_buf *out, struct crm_err *err);

#endif
