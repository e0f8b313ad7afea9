/* SPDX-License-Identifier: Apache-2.0
 *
 * A Bluetooth LE peripheral: HCI, L2CAP, ATT and a GATT server over a static table.
 *
 * The board moves bytes to and from a controller (H4: packet type byte first); the application gives a table of
 * attributes and hears of links, subscriptions and writes. No heap, no clock, no globals: one `struct ble`.
 * Section numbers in host/ are those of the Bluetooth Core Specification 5.4.
 */
#ifndef BLE_H
#define BLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BLE_LINKS = 2,
    BLE_ATT_MTU = 247,             /* the largest ATT PDU, both ways */
    BLE_PDU_SIZE = 4 + BLE_ATT_MTU, /* with its L2CAP header */
    BLE_ADVERTISING_SIZE = 31,
    BLE_ACL_PAYLOAD = 251, /* of one ACL packet at most */
    BLE_ACL_BYTES = 2048,  /* of ACL packets trusted to the controller at once, however many it offers */
    BLE_COMMAND_SIZE = 4 + 32,
    /* Bytes `send` has to take without blocking before the controller reads any of them. */
    BLE_SEND_BOUND = BLE_ACL_BYTES + 2 * BLE_COMMAND_SIZE,
};

/* A UUID as it travels: least significant byte first. */
struct ble_uuid {
    uint8_t length; /* 2 or 16 */
    uint8_t bytes[16];
};

#define BLE_UUID16(value) \
    { 2, { (uint8_t)((value)&0xFF), (uint8_t)((value) >> 8) } }

enum ble_attribute_kind {
    BLE_SERVICE,        /* primary service; `uuid` is the service's */
    BLE_CHARACTERISTIC, /* `uuid` and `properties` are the characteristic's; a BLE_VALUE follows */
    BLE_VALUE,          /* the value of the characteristic before it */
    BLE_CCCD,           /* client configuration of the value before it, kept for each link */
};

enum ble_property {
    BLE_READ = 0x02,
    BLE_WRITE_WITHOUT_RESPONSE = 0x04,
    BLE_WRITE = 0x08,
    BLE_NOTIFY = 0x10,
};

/* The attribute at index i has the handle i + 1. At most 32 attributes. */
struct ble_attribute {
    enum ble_attribute_kind kind;
    uint8_t properties; /* BLE_CHARACTERISTIC: enum ble_property */
    uint16_t limit;     /* BLE_VALUE: most bytes a write may carry */
    struct ble_uuid uuid;
};

struct ble_callbacks {
    void *ctx;
    /* One whole HCI packet to the controller. Must not call back into the host. */
    void (*send)(void *ctx, const uint8_t *packet, size_t length);
    void (*connected)(void *ctx, uint8_t link);
    void (*disconnected)(void *ctx, uint8_t link, uint8_t reason);
    /* The CCCD of the value at `handle` was written; the answer is already on its way. */
    void (*subscribed)(void *ctx, uint8_t link, uint16_t handle, bool on);
    /* The value at `handle` was written; the answer to a write request is already on its way. */
    void (*written)(void *ctx, uint8_t link, uint16_t handle, const uint8_t *data, size_t length);
    /* The value at `handle`, valid until the next call into the host. */
    const uint8_t *(*value)(void *ctx, uint16_t handle, size_t *length);
};

struct ble_config {
    const struct ble_attribute *attributes;
    uint8_t attribute_count;
    uint8_t address[6]; /* static random, least significant byte first */
};

struct ble_advertising {
    uint8_t data[BLE_ADVERTISING_SIZE];
    uint8_t length;
    uint8_t scan_response[BLE_ADVERTISING_SIZE];
    uint8_t scan_response_length;
    uint16_t interval; /* units of 0.625 ms */
};

enum ble_result {
    BLE_OK,
    BLE_BUSY,           /* the previous notification still waits for credits: try again after ble_received */
    BLE_NOT_SUBSCRIBED, /* or no such link */
    BLE_TOO_LONG,       /* for the link's MTU */
};

struct ble;

void ble_init(struct ble *ble, const struct ble_config *config, const struct ble_callbacks *callbacks);

/* Bytes from the controller, cut anywhere. */
void ble_received(struct ble *ble, const uint8_t *data, size_t length, uint64_t now_us);

/* Runs what is due and returns when it next wants to run. The first call starts the controller. */
uint64_t ble_poll(struct ble *ble, uint64_t now_us);

/* Advertises from now on whenever a link is free. */
void ble_advertise(struct ble *ble, const struct ble_advertising *advertising);

enum ble_result ble_notify(struct ble *ble, uint8_t link, uint16_t handle, const uint8_t *data, size_t length);

/* Ends the link; `disconnected` follows. Nothing received on it is reported any more. */
void ble_disconnect(struct ble *ble, uint8_t link);

/* ---- Below: state, public only so that it can be allocated statically. ---- */

struct ble_pdu {
    uint16_t length; /* 0: empty */
    uint16_t sent;
    uint8_t bytes[BLE_PDU_SIZE];
};

struct ble_link {
    bool up;
    bool closing;
    bool disconnect_due;
    bool key_refusal_due;
    uint64_t drain_until_us;
    uint16_t handle;
    uint16_t mtu;
    uint32_t subscriptions; /* bit i: the CCCD at index i */
    uint8_t outstanding;    /* packets the controller has not completed */
    /* inbound */
    bool in_started;
    uint32_t in_length; /* bytes seen, also those beyond the buffer */
    uint8_t in[BLE_PDU_SIZE];
    /* outbound: a response goes before a notification, but never into the middle of one */
    struct ble_pdu response;
    struct ble_pdu notification;
    struct ble_pdu *sending;
};

enum ble_h4_state { BLE_H4_TYPE, BLE_H4_HEADER, BLE_H4_EVENT, BLE_H4_ACL, BLE_H4_LOST };

struct ble_h4 {
    enum ble_h4_state state;
    uint8_t type;
    uint16_t have;
    uint16_t need;
    uint8_t link; /* of the ACL packet that arrives; BLE_LINKS: of none */
    uint8_t bytes[2 + 255];
};

enum ble_step {
    BLE_RESET,
    BLE_READ_LE_BUFFERS,
    BLE_READ_BUFFERS,
    BLE_EVENT_MASK,
    BLE_LE_EVENT_MASK,
    BLE_RANDOM_ADDRESS,
    BLE_READY,
};

enum ble_radio { BLE_RADIO_OFF, BLE_RADIO_ON, BLE_RADIO_UNKNOWN };

struct ble {
    const struct ble_attribute *attributes;
    uint8_t attribute_count;
    uint8_t address[6];
    struct ble_callbacks callbacks;
    uint64_t now_us;

    struct ble_h4 h4;

    enum ble_step step;
    uint64_t retry_at_us;   /* no command before this */
    uint16_t command;       /* opcode that waits for its answer; 0: none */
    uint8_t command_link;   /* the link it is about */
    bool command_allowed;   /* the controller takes another command */
    uint64_t command_at_us;
    uint16_t acl_payload;
    uint8_t acl_credits;
    uint8_t turn; /* the link whose fragment goes first */

    struct ble_advertising advertising;
    bool advertising_wanted;
    bool parameters_due;
    bool data_due;
    bool scan_response_due;
    enum ble_radio radio;
    uint64_t advertising_retry_at_us;

    bool surplus; /* a connection beyond BLE_LINKS, to be ended */
    uint16_t surplus_handle;

    struct ble_link links[BLE_LINKS];
};

#endif
