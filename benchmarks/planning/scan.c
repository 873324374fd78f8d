/* The limit: scans lists of numbers and deduplicates them, and does nothing else.

       scan COLUMN EXCLUDED MEMBERS

   Every line of EXCLUDED, and cell COLUMN (from 0) of every line of MEMBERS, is a mobile number of
   11 digits, maybe behind +86, or is left out. No quotes, no encodings, no places of faults. Prints
   how many people are left. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t *slots, mask, count;

static void resize(uint64_t size)
{
    uint64_t *old = slots, before = old ? mask + 1 : 0;
    slots = calloc(size, sizeof *slots);
    if (!slots)
        exit(1);
    mask = size - 1;
    for (uint64_t i = 0; i < before; i++) {
        if (!old[i])
            continue;
        uint64_t at = (old[i] * 0x9E3779B97F4A7C15u) >> 20;
        while (slots[at & mask])
            at++;
        slots[at & mask] = old[i];
    }
    free(old);
}

static void add(uint64_t mobile)
{
    uint64_t at = (mobile * 0x9E3779B97F4A7C15u) >> 20;
    while (slots[at & mask]) {
        if (slots[at & mask] == mobile)
            return;
        at++;
    }
    slots[at & mask] = mobile;
    if (2 * ++count > mask)
        resize(2 * (mask + 1));
}

/* Gives the number in a cell, or 0. */
static uint64_t read_mobile(const char *cell, const char *end)
{
    if (end - cell == 14 && !memcmp(cell, "+86", 3))
        cell += 3;
    if (end - cell != 11 || cell[0] != '1' || cell[1] < '3')
        return 0;
    uint64_t mobile = 0;
    for (; cell < end; cell++) {
        if (*cell < '0' || *cell > '9')
            return 0;
        mobile = 10 * mobile + (uint64_t)(*cell - '0');
    }
    return mobile;
}

static void scan(const char *path, int column)
{
    FILE *file = fopen(path, "rb");
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    if (!file)
        exit(1);
    while ((length = getline(&line, &room, file)) > 0) {
        char *cell = line, *end = line + length;
        while (end > line && (end[-1] == '\n' || end[-1] == '\r'))
            end--;
        for (int i = 0; i < column && cell; i++)
            if ((cell = memchr(cell, ',', (size_t)(end - cell))))
                cell++;
        if (!cell)
            continue;
        char *comma = memchr(cell, ',', (size_t)(end - cell));
        uint64_t mobile = read_mobile(cell, comma ? comma : end);
        if (mobile)
            add(mobile);
    }
    free(line);
    fclose(file);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    resize(1 << 16);
    scan(argv[2], 0);
    uint64_t excluded = count;
    scan(argv[3], atoi(argv[1]));
    printf("%llu\n", (unsigned long long)(count - excluded));
    return 0;
}
