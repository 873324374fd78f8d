/* The limit of applying reports: only the prepared UPDATEs, one transaction a page, durable.

     updates STATE PAGES

   Reads PAGES/NN.rows (delivered received_at batch mobile error_code) before it begins, and talks
   on stdin and stdout as benchmarks/sprint.py says. */

#define _GNU_SOURCE
#include <glob.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MOST_PAGES = 100, MOST_ROWS = 10000 };

struct row {
    int delivered;
    long long received_at, batch, mobile;
    char error_code[16];
};

static struct row pages[MOST_PAGES][MOST_ROWS];
static int lengths[MOST_PAGES];
static sqlite3 *database;

static void check(int is_well, const char *what)
{
    if (is_well) return;
    fprintf(stderr, "%s: %s\n", what, database ? sqlite3_errmsg(database) : "failed");
    exit(1);
}

static void run(const char *sql)
{
    check(sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK, sql);
}

static int read_pages(const char *folder)
{
    char pattern[4096];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s/*.rows", folder);
    check(glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc <= MOST_PAGES, pattern);
    for (size_t page = 0; page < found.gl_pathc; page++) {
        FILE *file = fopen(found.gl_pathv[page], "r");
        check(file != NULL, found.gl_pathv[page]);
        int length = 0;
        for (struct row *row = pages[page]; length < MOST_ROWS; length++, row++)
            if (fscanf(file, "%d %lld %lld %lld %15s", &row->delivered, &row->received_at,
                       &row->batch, &row->mobile, row->error_code) != 5) break;
        lengths[page] = length;
        fclose(file);
    }
    return found.gl_pathc;
}

static void apply(sqlite3_stmt *update, const struct row *row)
{
    sqlite3_bind_int(update, 1, row->delivered);
    sqlite3_bind_int64(update, 2, row->received_at);
    sqlite3_bind_text(update, 3, row->error_code, -1, SQLITE_STATIC);
    sqlite3_bind_int64(update, 4, row->batch);
    sqlite3_bind_int64(update, 5, row->mobile);
    check(sqlite3_step(update) == SQLITE_DONE, "UPDATE");
    sqlite3_reset(update);
}

static double read_clock(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

int main(int count, char **words)
{
    if (count != 3) {
        fprintf(stderr, "usage: updates STATE PAGES\n");
        return 2;
    }
    int page_count = read_pages(words[2]), applied = 0;
    check(sqlite3_open(words[1], &database) == SQLITE_OK, words[1]);
    run("PRAGMA synchronous = FULL");
    run("PRAGMA wal_autocheckpoint = 0");
    sqlite3_stmt *update;
    check(sqlite3_prepare_v2(database,
                             "UPDATE recipients SET delivered = ?, received_at = ?, error_code = ?"
                             " WHERE batch = ? AND mobile = ?", -1, &update, NULL) == SQLITE_OK,
          "prepare");
    puts("ready");
    fflush(stdout);
    getchar();
    double began = read_clock(CLOCK_MONOTONIC), spent = read_clock(CLOCK_PROCESS_CPUTIME_ID);
    for (int page = 0; page < page_count; page++) {
        run("BEGIN IMMEDIATE");
        for (int index = 0; index < lengths[page]; index++) apply(update, &pages[page][index]);
        run("COMMIT");
        applied += lengths[page];
    }
    printf("done %d %.6f %.6f\n", applied, read_clock(CLOCK_MONOTONIC) - began,
           read_clock(CLOCK_PROCESS_CPUTIME_ID) - spent);
    fflush(stdout);
    while (getchar() != EOF) {}
    return 0;
}
