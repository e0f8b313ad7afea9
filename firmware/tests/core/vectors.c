/* SPDX-License-Identifier: Apache-2.0
 *
 * link-vectors-device: the device's own session code behind a line protocol, for script/link-vectors.
 * One request line on stdin gives one answer line on stdout (flushed). Fields are separated by one space; byte strings
 * are lower-case hex, "-" when empty; numbers are decimal. An unknown or ill-formed request answers `error TEXT`.
 *
 *   open DEV_ID INST_ID SLOTS KID GEN PSK NONCE_D   -> hello HEX
 *        a device whose slot KID holds generation GEN of PSK has been subscribed to; forgets any session before
 *   auth HEX                                        -> ok K_H2D K_D2H PRK | refused CODE
 *   cmd HEX NOW_TICK                                -> ok COUNTER TICK PAYLOAD | unsupported COUNTER TICK PAYLOAD
 *                                                      | refused CODE
 *        NOW_TICK is the session clock in ticks when the frame arrives; it may go in any order. `ok`: the frame
 *        verifies and its payload is in the schema (whether or not this device has such a pattern or timeline);
 *        `unsupported`: it verifies, the operation is not in the schema; the session goes on
 *   evt COUNTER PAYLOAD                             -> frame HEX
 *   rekey SLOT GEN COUNTER WRAPPED                  -> psk HEX       the new key out of a rekey command's arguments
 *   ratchet KID GEN PSK                             -> psk HEX       the next generation of PSK
 *   state                                           -> state NAME LAST_COUNTER     safe | link | session
 *   mark                                            -> ok            remembers everything
 *   rewind                                          -> ok            goes back to the mark, any number of times
 *
 * CODE is the number in the ERR frame (firmware/link.cddl). As on the device, a refusal erases the session: the state
 * is then safe and auth, cmd, evt and rekey answer `refused 3` until the next open or rewind. Age of a command, lease
 * and time-outs belong to the layer above and are not looked at here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "hal.h"
#include "session.h"

#define LINE_MAX_CHARS 2048
#define WORDS_MAX 10
#define BYTES_MAX 600

struct device {
    struct session session;
    uint8_t state;                      /* enum cuelight_state of the link */
    uint8_t kid, gen;
    uint8_t psk[SESSION_KEY];
};

static struct device device, marked;

/* One request, taken apart. The first thing wrong with it ends the answer. */
static char *words[WORDS_MAX];
static unsigned word_count;
static const char *complaint;

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const char *word(unsigned index)
{
    if (index < word_count)
        return words[index];
    complaint = "a field is missing";
    return "";
}

static uint32_t number(unsigned index)
{
    char *end;
    const char *text = word(index);
    unsigned long value = strtoul(text, &end, 10);

    if (*text == '\0' || *end != '\0' || value > UINT32_MAX)
        complaint = "a number is ill-formed";
    return (uint32_t)value;
}

static size_t bytes(unsigned index, uint8_t *out)
{
    const char *text = word(index);
    size_t len = strlen(text);

    if (strcmp(text, "-") == 0)
        return 0;
    if (len % 2 != 0 || len / 2 > BYTES_MAX) {
        complaint = "a byte string is ill-formed";
        return 0;
    }
    for (size_t i = 0; i < len / 2; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

        if (high < 0 || low < 0)
            complaint = "a byte string is ill-formed";
        out[i] = (uint8_t)((unsigned)high << 4 | (unsigned)low);
    }
    return len / 2;
}

static void fixed(unsigned index, uint8_t *out, size_t len)
{
    uint8_t buffer[BYTES_MAX] = {0};

    if (bytes(index, buffer) != len && complaint == NULL)
        complaint = "a byte string has the wrong length";
    memcpy(out, buffer, len);
}

static void print_hex(const uint8_t *data, size_t len)
{
    putchar(' ');
    if (len == 0)
        putchar('-');
    for (size_t i = 0; i < len; i++)
        printf("%02x", data[i]);
}

static void refuse(uint8_t code)
{
    session_erase(&device.session);
    device.state = CUELIGHT_SAFE;
    printf("refused %u", code);
}

static void do_open(void)
{
    uint8_t dev_id[8], inst_id[4], nonce[SESSION_NONCE];
    uint8_t slots;

    fixed(1, dev_id, sizeof dev_id);
    fixed(2, inst_id, sizeof inst_id);
    slots = (uint8_t)number(3);
    device.kid = (uint8_t)number(4);
    device.gen = (uint8_t)number(5);
    fixed(6, device.psk, sizeof device.psk);
    fixed(7, nonce, sizeof nonce);
    if (complaint != NULL)
        return;
    session_hello(&device.session, dev_id, inst_id, slots, nonce);
    device.state = CUELIGHT_LINK;
    printf("hello");
    print_hex(device.session.hello, SESSION_HELLO);
}

static uint8_t authenticate(const uint8_t *frame, size_t len)
{
    uint8_t kid, gen;
    uint8_t fault = session_auth_parse(frame, len, &kid, &gen);

    if (fault != CUELIGHT_OK)
        return fault;
    if (kid != device.kid)
        return CUELIGHT_UNKNOWN_KEY;
    if (gen != device.gen)
        return CUELIGHT_WRONG_GEN;
    return session_authenticate(&device.session, frame, device.psk);
}

/* The session keeps its keys made ready for HMAC; these are the same ones as bytes. */
static void print_keys(const uint8_t auth[SESSION_AUTH])
{
    uint8_t salt[2 * SESSION_NONCE], prk[SESSION_KEY], key[SESSION_KEY];

    memcpy(salt, device.session.hello + SESSION_HELLO - SESSION_NONCE, SESSION_NONCE);
    memcpy(salt + SESSION_NONCE, auth + 3, SESSION_NONCE);
    hkdf_extract(salt, sizeof salt, device.psk, SESSION_KEY, prk);
    hkdf_expand(&device.session.prk, "CLP1 h2d", device.session.context, SESSION_CONTEXT, key);
    print_hex(key, SESSION_KEY);
    hkdf_expand(&device.session.prk, "CLP1 d2h", device.session.context, SESSION_CONTEXT, key);
    print_hex(key, SESSION_KEY);
    print_hex(prk, SESSION_KEY);
}

static void do_auth(void)
{
    uint8_t frame[BYTES_MAX];
    size_t len = bytes(1, frame);
    uint8_t fault;

    if (complaint != NULL)
        return;
    fault = device.state == CUELIGHT_LINK ? authenticate(frame, len) : CUELIGHT_WRONG_TYPE;
    if (fault != CUELIGHT_OK) {
        refuse(fault);
        return;
    }
    device.state = CUELIGHT_SESSION;
    printf("ok");
    print_keys(frame);
}

static void do_cmd(void)
{
    uint8_t frame[BYTES_MAX];
    size_t len = bytes(1, frame);
    uint32_t now_tick = number(2);
    struct session_command opened;
    struct command command;
    enum command_result result = COMMAND_MALFORMED;
    uint8_t fault = CUELIGHT_WRONG_TYPE;

    if (complaint != NULL)
        return;
    if (device.state == CUELIGHT_SESSION)
        fault = session_open(&device.session, frame, len, now_tick * SESSION_TICK_MS, &opened);
    if (fault == CUELIGHT_OK) {
        result = command_decode(opened.payload, opened.payload_len, &command);
        if (result == COMMAND_MALFORMED || (command.has_lease && !opened.has_tick))
            fault = CUELIGHT_MALFORMED;
    }
    if (fault != CUELIGHT_OK) {
        refuse(fault);
        return;
    }
    printf("%s %u %u", result == COMMAND_GOOD ? "ok" : "unsupported", opened.counter, opened.tick);
    print_hex(opened.payload, opened.payload_len);
}

static void do_evt(void)
{
    uint32_t counter = number(1);
    uint8_t payload[BYTES_MAX], frame[BYTES_MAX + SESSION_EVENT_OVERHEAD];
    size_t len = bytes(2, payload);

    if (complaint != NULL)
        return;
    if (device.state != CUELIGHT_SESSION) {
        refuse(CUELIGHT_WRONG_TYPE);
        return;
    }
    len = session_seal(&device.session, counter, payload, len, frame);
    printf("frame");
    print_hex(frame, len);
}

static void do_rekey(void)
{
    uint8_t slot = (uint8_t)number(1), gen = (uint8_t)number(2);
    uint32_t counter = number(3);
    uint8_t wrapped[SESSION_KEY], psk[SESSION_KEY];

    fixed(4, wrapped, sizeof wrapped);
    if (complaint != NULL)
        return;
    if (device.state != CUELIGHT_SESSION) {
        refuse(CUELIGHT_WRONG_TYPE);
        return;
    }
    session_unwrap(&device.session, slot, gen, counter, wrapped, psk);
    printf("psk");
    print_hex(psk, sizeof psk);
}

static void do_ratchet(void)
{
    uint8_t kid = (uint8_t)number(1), gen = (uint8_t)number(2);
    uint8_t psk[SESSION_KEY], next[SESSION_KEY];

    fixed(3, psk, sizeof psk);
    if (complaint != NULL)
        return;
    session_ratchet(kid, gen, psk, next);
    printf("psk");
    print_hex(next, sizeof next);
}

static void do_state(void)
{
    static const char *const names[] = {
        [CUELIGHT_BOOT] = "safe", [CUELIGHT_SAFE] = "safe", [CUELIGHT_LINK] = "link", [CUELIGHT_SESSION] = "session",
    };

    printf("state %s %u", names[device.state], device.session.last_counter);
}

static void do_mark(void)
{
    marked = device;
    printf("ok");
}

static void do_rewind(void)
{
    device = marked;
    printf("ok");
}

static const struct {
    const char *name;
    void (*run)(void);
} requests[] = {
    {"open", do_open},       {"auth", do_auth},   {"cmd", do_cmd},   {"evt", do_evt},       {"rekey", do_rekey},
    {"ratchet", do_ratchet}, {"state", do_state}, {"mark", do_mark}, {"rewind", do_rewind},
};

static void answer(char *line)
{
    word_count = 0;
    complaint = NULL;
    for (char *text = strtok(line, " \r\n"); text != NULL && word_count < WORDS_MAX; text = strtok(NULL, " \r\n"))
        words[word_count++] = text;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        if (strcmp(word(0), requests[i].name) != 0)
            continue;
        requests[i].run();
        if (complaint != NULL)
            printf("error %s", complaint);
        return;
    }
    printf("error unknown request");
}

int main(void)
{
    static char line[LINE_MAX_CHARS];

    while (fgets(line, sizeof line, stdin) != NULL) {
        answer(line);
        putchar('\n');
        fflush(stdout);
    }
    return 0;
}
