/* controller/serve/work_parts.h: between the files of the work: one domain of a job, and what comes of it. */
#pragma once

#include "controller/serve/work.h"
#include "controller/store/serve.h"

struct dg_job;

struct dg_work_item {
	struct dg_order_item row;
	const char *path; /* of its policy */
	bool is_temporary;
	bool has_ended; /* its result is in row */
	bool is_written;
};

void dg_work_end(struct dg_work *w, struct dg_work_item *x); /* row says how */
void dg_work_fail(struct dg_work *w, struct dg_work_item *x, const struct dg_err *err);
/* Each ends the item, unless its plan is to be published now. */
void dg_work_planned(struct dg_work *w, struct dg_work_item *x, struct dg_job *j);
void dg_work_published(struct dg_work *w, struct dg_work_item *x, struct dg_job *j);
void dg_work_verified(struct dg_work *w, struct dg_work_item *x, struct dg_job *j);
