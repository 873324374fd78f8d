/* A gateway that is never the bottleneck: one thread, epoll, every answer after the same delay.

     gateway DELAY_MS REQUESTS

   It listens on a free port of the loopback and tells on stdout, a line each:
     port N               where
     first                the first request begins to arrive
     last SECONDS BYTES   submission number REQUESTS is answered, so long after that; how many bytes
                          the bodies of these submissions had
   It ends with its stdin. POST /sendmms.aspx is a submission and gets a receipt with a task id of its own; any other path
   gets a page without reports. A request is read by its Content-Length; what else HTTP allows
   (chunks, pipelining, Expect) is not understood. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { MOST_CONNECTIONS = 1024, LONGEST_HEAD = 4096 };

struct connection {
    char head[LONGEST_HEAD];
    size_t head_length;
    long body_left; /* -1 while the head is not complete */
    long submitted; /* bytes of a submission, -1 for another request */
    double due; /* when its answer goes out, 0 while none is owed */
};

static struct connection connections[MOST_CONNECTIONS]; /* by file descriptor */
static int owed[MOST_CONNECTIONS];                      /* a ring: all wait equally long, so in order of arrival */
static unsigned owed_first, owed_end;
static double delay, first_at;
static long expected, answered, bytes;
static int timer;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void expect_request(struct connection *connection)
{
    connection->head_length = 0;
    connection->body_left = -1;
    connection->due = 0;
}

static void set_timer(double due)
{
    struct itimerspec at = {.it_value = {(time_t)due, (long)((due - (time_t)due) * 1e9)}};
    if (timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL) < 0) fail("timerfd_settime");
}

static void owe_answer(int fd)
{
    connections[fd].due = now() + delay;
    if (owed_first == owed_end) set_timer(connections[fd].due);
    owed[owed_end++ % MOST_CONNECTIONS] = fd;
}

static void answer(int fd)
{
    static const char page[] = "<?xml version=\"1.0\" encoding=\"utf-8\"?><returnsms></returnsms>";
    struct connection *connection = &connections[fd];
    char body[128], whole[512];
    if (connection->submitted >= 0) {
        snprintf(body, sizeof body, "1000000:%ld", 27349872000000 + ++answered);
        bytes += connection->submitted;
    } else
        snprintf(body, sizeof body, "%s", page);
    int length = snprintf(whole, sizeof whole,
                          "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
                          "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
    int is_last = connection->submitted >= 0 && answered == expected;
    expect_request(connection);
    send(fd, whole, length, MSG_NOSIGNAL); /* where it fails the client left */
    if (is_last) {
        printf("last %.6f %ld\n", now() - first_at, bytes);
        fflush(stdout);
    }
}

static void answer_what_is_due(void)
{
    unsigned long long expirations;
    if (read(timer, &expirations, sizeof expirations) < 0 && errno != EAGAIN) fail("timer");
    for (; owed_first != owed_end; owed_first++) {
        int fd = owed[owed_first % MOST_CONNECTIONS];
        if (fd < 0) continue; /* its client left meanwhile */
        if (connections[fd].due > now()) {
            set_timer(connections[fd].due);
            return;
        }
        answer(fd);
    }
}

static void forget(int fd)
{
    for (unsigned place = owed_first; place != owed_end; place++)
        if (owed[place % MOST_CONNECTIONS] == fd) owed[place % MOST_CONNECTIONS] = -1;
    close(fd);
}

/* Takes a piece of a request: the head until its empty line, then as many bytes as it says. */
static void take(int fd, const char *data, long length)
{
    struct connection *connection = &connections[fd];
    if (connection->body_left < 0) {
        if (connection->head_length == 0 && first_at == 0) {
            first_at = now();
            puts("first");
            fflush(stdout);
        }
        size_t room = LONGEST_HEAD - 1 - connection->head_length;
        size_t taken = (size_t)length < room ? (size_t)length : room;
        memcpy(connection->head + connection->head_length, data, taken);
        connection->head[connection->head_length + taken] = 0;
        char *end = strstr(connection->head, "\r\n\r\n");
        char *size = strcasestr(connection->head, "\r\ncontent-length:");
        if (end == NULL && taken == room) fail("a head that is too long");
        if (end == NULL) {
            connection->head_length += taken;
            return;
        }
        long head_part = end + 4 - connection->head - connection->head_length;
        connection->body_left = size && size < end ? atol(size + strlen("\r\ncontent-length:")) : 0;
        connection->submitted = strstr(connection->head, "/sendmms.aspx") ? connection->body_left : -1;
        length -= head_part;
    }
    connection->body_left -= length;
    if (connection->body_left <= 0 && connection->due == 0) owe_answer(fd);
}

static int listen_somewhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 256) < 0) fail("listen");
    getsockname(fd, (struct sockaddr *)&address, &size);
    printf("port %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void watch(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
}

static void welcome(int epoll, int listener)
{
    int fd, yes = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (fd >= MOST_CONNECTIONS) fail("too many connections");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        expect_request(&connections[fd]);
        watch(epoll, fd);
    }
}

static void listen_to(int fd)
{
    static char data[256 << 10];
    long length = recv(fd, data, sizeof data, 0);
    if (length > 0) take(fd, data, length);
    else if (length == 0 || errno != EAGAIN) forget(fd);
}

int main(int count, char **words)
{
    if (count != 3) {
        fprintf(stderr, "usage: gateway DELAY_MS REQUESTS\n");
        return 2;
    }
    delay = atof(words[1]) / 1e3;
    expected = atol(words[2]);
    int epoll = epoll_create1(0), listener = listen_somewhere();
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    watch(epoll, listener);
    watch(epoll, timer);
    watch(epoll, STDIN_FILENO);
    for (;;) {
        struct epoll_event events[64];
        int ready = epoll_wait(epoll, events, 64, -1);
        for (int index = 0; index < ready; index++) {
            int fd = events[index].data.fd;
            if (fd == STDIN_FILENO) return 0;
            if (fd == listener) welcome(epoll, listener);
            else if (fd == timer) answer_what_is_due();
            else listen_to(fd);
        }
    }
}
