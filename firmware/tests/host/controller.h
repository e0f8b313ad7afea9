/* SPDX-License-Identifier: Apache-2.0
 *
 * A strict controller and the central beyond it, for tests of the host: every packet that the host sends is checked for
 * form, kept, and answered as the test wants.
 */
#ifndef CONTROLLER_H
#define CONTROLLER_H

#include "ble.h"

enum {
    RESET = 0x0C03,
    SET_EVENT_MASK = 0x0C01,
    READ_BUFFER_SIZE = 0x1005,
    LE_SET_EVENT_MASK = 0x2001,
    LE_READ_BUFFER_SIZE = 0x2002,
    SET_RANDOM_ADDRESS = 0x2005,
    SET_ADVERTISING_PARAMETERS = 0x2006,
    SET_ADVERTISING_DATA = 0x2008,
    SET_SCAN_RESPONSE = 0x2009,
    SET_ADVERTISING_ENABLE = 0x200A,
    KEY_NEGATIVE_REPLY = 0x201B,
    DISCONNECT = 0x0406,
};

enum { SUCCESS = 0, KEPT = 512, CREDITS = 8 };

/* The table of the tests: GAP-like service, a service with a 128-bit UUID, and one with a value that reads long. */
enum {
    H_FIRST = 1,      /* service 1800 */
    H_NAME_DECL = 2,
    H_NAME = 3,       /* 2A00, read: "name" */
    H_SECOND = 4,     /* service U0 */
    H_RX_DECL = 5,
    H_RX = 6,         /* U1, write and write without response, up to 100 bytes */
    H_TX_DECL = 7,
    H_TX = 8,         /* U2, notify */
    H_TX_CCCD = 9,
    H_THIRD = 10,     /* service 180F */
    H_LONG_DECL = 11,
    H_LONG = 12,      /* 2A19, read and notify: 300 bytes */
    H_LONG_CCCD = 13,
    H_ONLY_DECL = 14,
    H_ONLY = 15,      /* 2A20, write request only */
    H_LAST = 15,
};

extern const uint8_t uuid_u[3][16]; /* U0, U1, U2 */
extern const uint8_t long_value[300];

struct packet {
    size_t length;
    uint8_t bytes[4 + 1 + 255];
};

/* What the host did, in order, since the last forget(). */
struct world {
    struct ble ble;
    uint64_t now_us;
    bool answers;          /* commands are answered with success at once */
    bool completes;        /* ACL packets are completed at once */
    uint16_t refuse;       /* but this opcode is answered with `refusal`, once for each `refusals` */
    uint8_t refusal;
    int refusals;
    uint16_t silent;       /* and this one not at all */
    uint16_t le_payload, payload;
    uint8_t le_packets;
    uint16_t packets;
    struct packet commands[KEPT];
    size_t command_count;
    struct packet acl[KEPT];
    size_t acl_count;
    size_t completed;      /* of acl */
    /* the application's side */
    int connected[BLE_LINKS], disconnected[BLE_LINKS], subscribed[BLE_LINKS], unsubscribed[BLE_LINKS], written[BLE_LINKS];
    uint8_t reason;
    uint16_t handle;
    size_t written_length;
    uint8_t written_bytes[BLE_ATT_MTU];
    bool notify_on_subscribe; /* with three bytes, from within the callback */
    size_t answered; /* of commands */
};

extern struct world world;

/* A fresh host and controller. */
void world_new(void);

/* The same with everything brought up and advertising. */
void world_up(void);

void forget(void);

/* Lets the host and the controller talk until neither has anything to say. */
void settle(void);

/* Lets time pass to the host's next due time, no further than `at_us`. */
void pass(uint64_t at_us);

void hci(const uint8_t *bytes, size_t length);
#define HCI(...) hci((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

void connect(uint16_t handle);
void disconnected(uint16_t handle, uint8_t reason);
void complete(uint16_t handle, uint16_t count);

/* One L2CAP PDU on a channel from the central behind `handle`, in one ACL packet. */
void l2cap_in(uint16_t handle, uint16_t channel, const uint8_t *payload, size_t length);
void att(uint16_t handle, const uint8_t *pdu, size_t length);
#define ATT(handle, ...) att(handle, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* The next L2CAP PDU the host sent to `handle`, put together from its fragments; its length, 0 when there is none. */
size_t l2cap_out(uint16_t handle, uint16_t *channel, uint8_t *out);

/* The next ATT PDU has to be exactly this; or there has to be none. */
void expect(int line, uint16_t handle, const uint8_t *pdu, size_t length);
#define EXPECT(handle, ...) expect(__LINE__, handle, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))
#define EXPECT_NONE(handle) expect(__LINE__, handle, NULL, 0)

uint16_t command_opcode(size_t index);
uint16_t last_command(void);

#endif
