#include "made_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void make_axes(struct cell_record *c, const char *axes)
{
	char *copy = strdup(axes), *save = NULL;

	for (char *one = strtok_r(copy, " ", &save); one; one = strtok_r(NULL, " ", &save)) {
		char *is = strchr(one, '=');

		*is = '\0';
		set_fact(&c->axes, one, is + 1);
	}
	free(copy);
	c->name = strdup(axes);
}

static void make_trial(struct trial_record *t, uint32_t cell, uint32_t repeat, size_t n_jobs)
{
	char name[32];

	t->cell = cell;
	t->repeat = repeat;
	t->n_jobs = n_jobs;
	t->jobs = calloc(n_jobs, sizeof *t->jobs);
	for (size_t i = 0; i < n_jobs; i++) {
		snprintf(name, sizeof name, "j%zu", i);
		t->jobs[i].name = strdup(name);
		t->jobs[i].job_text = strdup("");
	}
}

void make_run(struct run_data *d, const char *const *axes, size_t n_jobs, uint32_t repeats)
{
	size_t n = 0;

	while (axes[n])
		n++;
	*d = (struct run_data){.n_cells = n, .n_trials = n * repeats};
	d->cells = calloc(n, sizeof *d->cells);
	d->trials = calloc(d->n_trials, sizeof *d->trials);
	for (size_t i = 0; i < n; i++)
		make_axes(&d->cells[i], axes[i]);
	for (size_t i = 0; i < d->n_trials; i++)
		make_trial(&d->trials[i], (uint32_t)(i % n), (uint32_t)(i / n), n_jobs);
}

void set_job_text(struct run_data *d, size_t job, const char *name, const char *text)
{
	for (size_t i = 0; i < d->n_trials; i++) {
		struct job_result *j = &d->trials[i].jobs[job];

		free(j->name);
		free(j->job_text);
		j->name = strdup(name);
		j->job_text = strdup(text);
	}
}

void set_job(struct run_data *d, uint32_t cell, size_t job, uint64_t n, uint64_t ns,
	     uint64_t tail_ns, uint64_t cpu_ns_per_io)
{
	for (size_t i = 0; i < d->n_trials; i++) {
		struct job_result *j = &d->trials[i].jobs[job];

		if (d->trials[i].cell != cell)
			continue;
		j->sample = sample_new(j->name);
		j->sample->runtime_ns = 1000000000;
		add_requests(j, IO_READ, n - n / 50, ns, 4096);
		add_requests(j, IO_READ, n / 50, tail_ns, 4096);
		j->has_host_cpu = true;
		j->host_cpu_ns = cpu_ns_per_io * n;
	}
}
