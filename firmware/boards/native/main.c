/* SPDX-License-Identifier: Apache-2.0
 *
 * The board `native`: the smart button as a process.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

#include "app.h"
#include "clock.h"
#include "flash_file.h"
#include "hci_socket.h"
#include "provision.h"
#include "record.h"

enum { EXIT_USAGE = 2, COMMAND_LINE = 64 };

struct options {
    const char *hci, *flash, *record, *dev_id, *key;
};

struct native {
    struct app app;
    struct store store;
    struct hci_socket socket;
    struct record record;
    struct provision identity;
    int random;
    uint16_t millivolts;
    bool commands_open;
    size_t command_length;
    char command[COMMAND_LINE];
};

static struct native native;
static volatile sig_atomic_t stopping;

static void on_signal(int signal)
{
    (void)signal;
    stopping = 1;
}

/* ---- The board's callbacks ---- */

static void hci_send(void *ctx, const uint8_t *packet, size_t length)
{
    struct native *board = ctx;
    hci_socket_send(&board->socket, packet, length);
}

static void hello(void *ctx, uint8_t link, uint64_t now_us)
{
    struct native *board = ctx;
    record_hello(&board->record, link, now_us);
}

static void display(void *ctx, const uint8_t *frame)
{
    struct native *board = ctx;
    record_display(&board->record, frame);
}

static void light(void *ctx, uint8_t r, uint8_t g, uint8_t b)
{
    struct native *board = ctx;
    record_light(&board->record, r, g, b);
}

static void servo(void *ctx, uint8_t channel, uint16_t decidegrees, bool enabled)
{
    struct native *board = ctx;
    record_servo(&board->record, channel, decidegrees, enabled);
}

static void safe(void *ctx, bool is_safe, uint8_t fault)
{
    struct native *board = ctx;
    record_safe(&board->record, is_safe, fault);
}

/* A process has no timer beside it that could reach its outputs, which are lines of a record. */
static void lease(void *ctx, uint64_t end_us)
{
    (void)ctx;
    (void)end_us;
}

static void state(void *ctx, uint8_t state, uint8_t fault)
{
    struct native *board = ctx;
    record_state(&board->record, state, fault);
}

static void timeline(void *ctx, uint8_t timeline, uint8_t what, uint8_t index, uint32_t planned_ms, uint32_t now_ms)
{
    struct native *board = ctx;
    record_timeline(&board->record, timeline, what, index, planned_ms, now_ms);
}

static uint16_t millivolts(void *ctx)
{
    struct native *board = ctx;
    return board->millivolts;
}

static bool draw_random(void *ctx, uint8_t *out, size_t length)
{
    struct native *board = ctx;
    return read(board->random, out, length) == (ssize_t)length;
}

/* ---- Commands on stdin ---- */

static void obey(struct native *board, const char *line)
{
    uint64_t now_us = clock_us();
    unsigned number;
    char rest;
    if (sscanf(line, "press %u %c", &number, &rest) == 1 && number < CUELIGHT_BUTTONS)
        app_button(&board->app, (uint8_t)number, true, now_us);
    else if (sscanf(line, "release %u %c", &number, &rest) == 1 && number < CUELIGHT_BUTTONS)
        app_button(&board->app, (uint8_t)number, false, now_us);
    else if (sscanf(line, "skip %u %c", &number, &rest) == 1) /* milliseconds */
        clock_skip((uint64_t)number * 1000);
    else if (sscanf(line, "battery %u %c", &number, &rest) == 1 && number <= UINT16_MAX)
        board->millivolts = (uint16_t)number;
    else
        fprintf(stderr, "cuelight-native: not understood: %s\n", line);
}

static void take_command_byte(struct native *board, char byte)
{
    if (byte != '\n') {
        if (board->command_length < COMMAND_LINE - 1)
            board->command[board->command_length++] = byte;
        return;
    }
    board->command[board->command_length] = '\0';
    board->command_length = 0;
    obey(board, board->command);
}

static void read_commands(struct native *board)
{
    char bytes[256];
    ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        board->commands_open = false;
    for (ssize_t i = 0; i < got; i++)
        take_command_byte(board, bytes[i]);
}

/* ---- The loop ---- */

/* No command to the controller is on its way: time may be skipped without its answer being given up for late. */
static bool is_quiet(const struct native *board)
{
    return board->app.ble.command == 0 && board->app.ble.command_allowed;
}

/* Sleeps until input, a signal or `due_us`. */
static void wait_until(struct native *board, uint64_t due_us, const sigset_t *mask, fd_set *readable, fd_set *writable)
{
    uint64_t now_us = clock_us();
    uint64_t left = due_us > now_us ? due_us - now_us : 0;
    struct timespec timeout = {.tv_sec = (time_t)(left / 1000000), .tv_nsec = (long)(left % 1000000 * 1000)};
    FD_ZERO(readable);
    FD_ZERO(writable);
    FD_SET(board->socket.file, readable);
    if (board->commands_open && is_quiet(board))
        FD_SET(STDIN_FILENO, readable);
    if (board->socket.waiting > 0)
        FD_SET(board->socket.file, writable);
    if (pselect(board->socket.file + 1, readable, writable, NULL, due_us == UINT64_MAX ? NULL : &timeout, mask) < 0) {
        FD_ZERO(readable);
        FD_ZERO(writable);
    }
}

static void receive(struct native *board)
{
    uint8_t bytes[4096];
    size_t length = hci_socket_receive(&board->socket, bytes, sizeof bytes);
    if (length > 0)
        app_hci_received(&board->app, bytes, length, clock_us());
}

static void run(struct native *board, const sigset_t *mask)
{
    fd_set readable, writable;
    while (!stopping && !board->socket.broken) {
        wait_until(board, app_poll(&board->app, clock_us()), mask, &readable, &writable);
        if (FD_ISSET(board->socket.file, &writable))
            hci_socket_flush(&board->socket);
        if (FD_ISSET(board->socket.file, &readable))
            receive(board);
        if (FD_ISSET(STDIN_FILENO, &readable) && is_quiet(board))
            read_commands(board);
    }
    app_stop(&board->app, clock_us());
}

/* ---- Start ---- */

static void fail(int code, const char *what, const char *why)
{
    fprintf(stderr, "cuelight-native: %s %s.\n", what, why);
    exit(code);
}

static void parse(int argc, char **argv, struct options *options)
{
    const struct {
        const char *name;
        const char **value;
    } known[] = {
        {"--hci", &options->hci},       {"--flash", &options->flash}, {"--record", &options->record},
        {"--dev-id", &options->dev_id}, {"--key", &options->key},
    };
    for (int i = 1; i < argc; i += 2) {
        size_t k = 0;
        while (k < sizeof known / sizeof known[0] && strcmp(argv[i], known[k].name) != 0)
            k++;
        if (k == sizeof known / sizeof known[0])
            fail(EXIT_USAGE, argv[i], "is no option of this program");
        if (i + 1 == argc)
            fail(EXIT_USAGE, argv[i], "needs a value");
        *known[k].value = argv[i + 1];
    }
    if (!options->hci || !options->flash || !options->record)
        fail(EXIT_USAGE, "--hci SOCKET, --flash FILE and --record FILE", "are all needed");
}

static void open_files(struct native *board, const struct options *options)
{
    struct store_flash flash;
    const char *why = flash_file_open(&flash, options->flash);
    if (why)
        fail(EXIT_USAGE, options->flash, why);
    if (!store_mount(&board->store, &flash))
        fail(EXIT_FAILURE, options->flash, "cannot be mounted");
    why = provision(&board->identity, &board->store, options->dev_id, options->key);
    if (why)
        fail(EXIT_USAGE, options->flash, why);
    if (!record_open(&board->record, options->record))
        fail(EXIT_USAGE, options->record, strerror(errno));
    board->random = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    if (board->random < 0)
        fail(EXIT_FAILURE, "/dev/urandom", strerror(errno));
}

static void start(struct native *board)
{
    const struct app_board wiring = {
        .ctx = board,
        .model = "native",
        .version = CUELIGHT_VERSION,
        .battery_empty_mv = 3000,
        .battery_full_mv = 4200,
        .hci_send = hci_send,
        .hello = hello,
        .display = display,
        .light = light,
        .servo = servo,
        .safe = safe,
        .lease = lease,
        .state = state,
        .timeline = timeline,
        .millivolts = millivolts,
        .random = draw_random,
    };
    struct cuelight_identity identity = {.label_key = board->identity.label_key};
    memcpy(identity.dev_id, board->identity.dev_id, sizeof identity.dev_id);
    app_init(&board->app, &wiring, &board->store, &identity, clock_us());
    record_boot(&board->record, CUELIGHT_VERSION, identity.dev_id, cuelight_inst_id(&board->app.core));
}

static void catch_signals(sigset_t *while_waiting)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGINT);
    sigprocmask(SIG_BLOCK, &blocked, while_waiting);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

int main(int argc, char **argv)
{
    struct options options = {0};
    sigset_t mask;
    parse(argc, argv, &options);
    native.millivolts = 3900;
    native.commands_open = true;
    open_files(&native, &options);
    if (!hci_socket_connect(&native.socket, options.hci))
        fail(EXIT_FAILURE, options.hci, strerror(errno));
    catch_signals(&mask);
    start(&native);
    run(&native, &mask);
    return EXIT_SUCCESS;
}
