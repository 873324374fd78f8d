/* The limit of reading YAML: libyaml parses the whole file, and every event is thrown away.

     events FILE TIMES

   Talks on stdin and stdout as benchmarks/sprint.py says. */

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <yaml.h>

static unsigned char data[1 << 20];
static size_t size;

static int parse(void)
{
    yaml_parser_t parser;
    yaml_event_t event;
    int is_end = 0;
    yaml_parser_initialize(&parser);
    yaml_parser_set_input_string(&parser, data, size);
    while (!is_end && yaml_parser_parse(&parser, &event)) {
        is_end = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return is_end;
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
        fprintf(stderr, "usage: events FILE TIMES\n");
        return 2;
    }
    FILE *file = fopen(words[1], "rb");
    if (file == NULL) {
        perror(words[1]);
        return 1;
    }
    size = fread(data, 1, sizeof data, file);
    fclose(file);
    int times = atoi(words[2]);
    puts("ready");
    fflush(stdout);
    getchar();
    double began = read_clock(CLOCK_MONOTONIC), spent = read_clock(CLOCK_PROCESS_CPUTIME_ID);
    for (int time = 0; time < times; time++)
        if (!parse()) {
            fprintf(stderr, "%s is no YAML\n", words[1]);
            return 1;
        }
    printf("done %d %.6f %.6f\n", times, read_clock(CLOCK_MONOTONIC) - began,
           read_clock(CLOCK_PROCESS_CPUTIME_ID) - spent);
    fflush(stdout);
    while (getchar() != EOF) {}
    return 0;
}
