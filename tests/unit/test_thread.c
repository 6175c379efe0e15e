/*
 * test_thread.c - the clocks of tickets, from threads made by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <crm/ticket.h>

#include <model/event_parts.h>

#define NONE INT64_MIN

static struct crm_thread_entry
state(uint64_t event, uint64_t ticket, int64_t at, const char *to)
{
	return (struct crm_thread_entry){.event = event,
	    .ticket = ticket,
	    .at = at,
	    .what = CRM_EVENT_STATE,
	    .to = crm_str(to)};
}

static struct crm_thread_entry
word(uint64_t event, uint64_t ticket, int64_t at, const char *who)
{
	return (struct crm_thread_entry){.event = event,
	    .ticket = ticket,
	    .at = at,
	    .what = CRM_EVENT_WORD,
	    .topic = crm_str(who)};
}

static void
a_thread_without_entries_has_no_clock(void **ctx)
{
	struct crm_thread th = {NULL, 0};
	struct crm_ticket_clock c;

	(void)ctx;
	crm_thread_clock(&th, 7, 1000, &c);
	assert_int_equal(c.state, 0);
	assert_true(c.first_answer == NONE);
	assert_true(c.last_at == NONE);
	assert_int_equal(c.words, 0);
	for (int i = 0; i <= CRM_TICKET_CLOSED; i++)
		assert_int_equal(c.in[i], 0);
}

static void
time_is_counted_in_the_state_it_was_spent_in(void **ctx)
{
	struct crm_thread_entry v[] = {state(1, 7, 100, "new"),
	    state(2, 7, 160, "waiting"), state(3, 7, 200, "open"),
	    state(4, 7, 300, "held"), state(5, 7, 300, "closed"),
	    state(6, 7, 350, "open"), state(7, 7, 360, "closed")};
	struct crm_thread th = {v, sizeof v / sizeof *v};
	static const struct {
		const char *name;
		int64_t until;
		int64_t in[CRM_TICKET_CLOSED + 1];
	} row[] = {{"to the end", 400, {0, 60, 110, 40, 0, 90}},
	    {"to the last change", 360, {0, 60, 110, 40, 0, 50}},
	    {"what is before the last change adds nothing", 0,
		{0, 60, 110, 40, 0, 50}}};
	struct crm_ticket_clock c;

	(void)ctx;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		crm_thread_clock(&th, 7, row[i].until, &c);
		for (int s = 0; s <= CRM_TICKET_CLOSED; s++)
			if (c.in[s] != row[i].in[s])
				fail_msg("%s: state %d has %lld, not %lld",
				    row[i].name, s, (long long)c.in[s],
				    (long long)row[i].in[s]);
		assert_int_equal(c.state, CRM_TICKET_CLOSED);
		assert_int_equal(c.since, 360);
		assert_int_equal(c.reopened, 1);
	}
}

static void
the_last_of_two_words_at_one_time_is_the_one_entered_later(void **ctx)
{
	struct crm_thread_entry v[] = {state(1, 7, 100, "new"),
	    word(2, 7, 120, "agent"), word(3, 7, 120, "customer")};
	struct crm_thread th = {v, sizeof v / sizeof *v};
	struct crm_ticket_clock c;

	(void)ctx;
	crm_thread_clock(&th, 7, 200, &c);
	assert_int_equal(c.words, 2);
	assert_int_equal(c.first_answer, 120);
	assert_int_equal(c.last_word, CRM_TICKET_CUSTOMER);
	assert_int_equal(c.last_at, 120);
}

static void
a_merged_ticket_gives_its_words_and_not_its_states(void **ctx)
{
	struct crm_thread_entry v[] = {state(5, 9, 50, "new"),
	    word(6, 9, 60, "agent"), state(7, 9, 70, "closed"),
	    state(1, 7, 100, "new"), word(2, 7, 110, "customer")};
	struct crm_thread th = {v, sizeof v / sizeof *v};
	struct crm_ticket_clock c;

	(void)ctx;
	crm_thread_clock(&th, 7, 130, &c);
	assert_int_equal(c.state, CRM_TICKET_NEW);
	assert_int_equal(c.in[CRM_TICKET_NEW], 30);
	assert_int_equal(c.in[CRM_TICKET_CLOSED], 0);
	assert_int_equal(c.begun, 50);
	assert_int_equal(c.first_answer, 60);
	assert_int_equal(c.words, 2);
	assert_int_equal(c.reopened, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_thread_without_entries_has_no_clock),
	    cmocka_unit_test(time_is_counted_in_the_state_it_was_spent_in),
	    cmocka_unit_test(
		the_last_of_two_words_at_one_time_is_the_one_entered_later),
	    cmocka_unit_test(
		a_merged_ticket_gives_its_words_and_not_its_states),
	};

	return cmocka_run_group_tests_name("thread", tests, NULL, NULL);
}
