/* SPDX-License-Identifier: Apache-2.0 */
#include "att.h"

#include <string.h>

#include "bytes.h"
#include "l2cap.h"

enum opcode {
    ERROR_RESPONSE = 0x01,
    EXCHANGE_MTU = 0x02,
    FIND_INFORMATION = 0x04,
    FIND_BY_TYPE_VALUE = 0x06,
    READ_BY_TYPE = 0x08,
    READ = 0x0A,
    READ_BLOB = 0x0C,
    READ_BY_GROUP_TYPE = 0x10,
    WRITE = 0x12,
    CONFIRMATION = 0x1E,
    WRITE_COMMAND = 0x52,
    COMMAND_FLAG = 0x40,
};

/* Vol 3, Part F, 3.4.1.1; the last one from the Core Specification Supplement, Part B, 1.2 */
enum error {
    NO_ERROR = 0x00,
    INVALID_HANDLE = 0x01,
    READ_NOT_PERMITTED = 0x02,
    WRITE_NOT_PERMITTED = 0x03,
    INVALID_PDU = 0x04,
    REQUEST_NOT_SUPPORTED = 0x06,
    INVALID_OFFSET = 0x07,
    ATTRIBUTE_NOT_FOUND = 0x0A,
    INVALID_LENGTH = 0x0D,
    UNSUPPORTED_GROUP_TYPE = 0x10,
    CCCD_IMPROPERLY_CONFIGURED = 0xFD,
};

enum {
    MTU_DEFAULT = 23,
    TYPE_PRIMARY_SERVICE = 0x2800,
    TYPE_SECONDARY_SERVICE = 0x2801,
    TYPE_CHARACTERISTIC = 0x2803,
    TYPE_CCCD = 0x2902,
    CCCD_NOTIFY = 0x0001,
    ENTRY_MAX = 255, /* a list's entries tell their length in one byte */
};

struct request {
    struct ble *ble;
    struct ble_link *link;
    const uint8_t *data; /* opcode first */
    uint16_t length;
    uint8_t *reply; /* opcode first */
    uint16_t reply_length;
    uint16_t error_handle;
    uint16_t written; /* handle whose write takes effect once the reply is on its way; 0: none */
};

struct value {
    const uint8_t *bytes;
    size_t length;
    uint8_t built[3 + 16];
};

/* ---- The table ---- */

/* For a handle that is known to be in the table. */
static const struct ble_attribute *row_at(const struct ble *ble, uint16_t handle)
{
    return &ble->attributes[handle - 1];
}

/* For a handle that a client names: NULL when there is no such attribute. */
static const struct ble_attribute *attribute(const struct ble *ble, uint16_t handle)
{
    return handle >= 1 && handle <= ble->attribute_count ? row_at(ble, handle) : NULL;
}

/* The characteristic a value or CCCD belongs to is declared in the rows before it. */
static const struct ble_attribute *characteristic(const struct ble_attribute *row)
{
    while (row->kind != BLE_CHARACTERISTIC)
        row--;
    return row;
}

static const struct ble_uuid *type_of(const struct ble_attribute *row)
{
    static const struct ble_uuid service = BLE_UUID16(TYPE_PRIMARY_SERVICE);
    static const struct ble_uuid declaration = BLE_UUID16(TYPE_CHARACTERISTIC);
    static const struct ble_uuid cccd = BLE_UUID16(TYPE_CCCD);
    switch (row->kind) {
    case BLE_SERVICE:
        return &service;
    case BLE_CHARACTERISTIC:
        return &declaration;
    case BLE_CCCD:
        return &cccd;
    default:
        return &characteristic(row)->uuid;
    }
}

/* A 16-bit UUID also has a 128-bit form: 0000xxxx-0000-1000-8000-00805F9B34FB (Vol 3, Part B, 2.5.1). */
static bool type_is(const struct ble_attribute *row, const uint8_t *bytes, size_t length)
{
    static const uint8_t base[12] = {0xFB, 0x34, 0x9B, 0x5F, 0x80, 0, 0, 0x80, 0, 0x10, 0, 0};
    const struct ble_uuid *type = type_of(row);
    if (type->length == length)
        return memcmp(type->bytes, bytes, length) == 0;
    return length == 16 && memcmp(bytes, base, sizeof base) == 0 && memcmp(bytes + 12, type->bytes, 2) == 0 &&
           bytes[14] == 0 && bytes[15] == 0;
}

static bool readable(const struct ble_attribute *row)
{
    return row->kind != BLE_VALUE || (characteristic(row)->properties & BLE_READ) != 0;
}

static void fetch(const struct request *request, uint16_t handle, struct value *value)
{
    const struct ble_attribute *row = row_at(request->ble, handle);
    value->bytes = value->built;
    switch (row->kind) {
    case BLE_SERVICE:
        value->bytes = row->uuid.bytes;
        value->length = row->uuid.length;
        break;
    case BLE_CHARACTERISTIC:
        value->built[0] = row->properties;
        put_u16(value->built + 1, (uint16_t)(handle + 1));
        memcpy(value->built + 3, row->uuid.bytes, row->uuid.length);
        value->length = 3U + row->uuid.length;
        break;
    case BLE_CCCD:
        put_u16(value->built, (uint16_t)(request->link->subscriptions >> (handle - 1) & CCCD_NOTIFY));
        value->length = 2;
        break;
    case BLE_VALUE:
        value->bytes = request->ble->callbacks.value(request->ble->callbacks.ctx, handle, &value->length);
        break;
    }
}

static uint16_t group_end(const struct ble *ble, uint16_t service)
{
    uint16_t end = service;
    while (end < ble->attribute_count && ble->attributes[end].kind != BLE_SERVICE)
        end++;
    return end;
}

/* ---- Replies ---- */

static size_t room(const struct request *request)
{
    return (size_t)(request->link->mtu - request->reply_length);
}

static void append(struct request *request, const void *bytes, size_t length)
{
    memcpy(request->reply + request->reply_length, bytes, length);
    request->reply_length = (uint16_t)(request->reply_length + length);
}

static void append_u16(struct request *request, uint16_t value)
{
    put_u16(request->reply + request->reply_length, value);
    request->reply_length = (uint16_t)(request->reply_length + 2);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* ---- Requests: each returns an error code and fills the reply after its opcode ---- */

static uint8_t exchange_mtu(struct request *request)
{
    uint16_t theirs = get_u16(request->data + 1);
    if (theirs < MTU_DEFAULT)
        return INVALID_PDU;
    append_u16(request, BLE_ATT_MTU);
    request->link->mtu = theirs < BLE_ATT_MTU ? theirs : BLE_ATT_MTU;
    return NO_ERROR;
}

/* The range of handles that starts most requests; the end is cut to the table. */
static uint8_t take_range(struct request *request, uint16_t *start, uint16_t *end)
{
    *start = get_u16(request->data + 1);
    *end = get_u16(request->data + 3);
    request->error_handle = *start;
    if (*start == 0 || *start > *end)
        return INVALID_HANDLE;
    if (*end > request->ble->attribute_count)
        *end = request->ble->attribute_count;
    return NO_ERROR;
}

static uint8_t find_information(struct request *request)
{
    uint16_t start, end;
    uint8_t error = take_range(request, &start, &end);
    if (error)
        return error;
    uint8_t form = 0;
    for (uint16_t handle = start; handle <= end; handle++) {
        const struct ble_uuid *type = type_of(row_at(request->ble, handle));
        if (form == 0) {
            form = type->length;
            const uint8_t format = form == 2 ? 1 : 2;
            append(request, &format, 1);
        }
        if (type->length != form || room(request) < 2U + form)
            break;
        append_u16(request, handle);
        append(request, type->bytes, form);
    }
    return form ? NO_ERROR : ATTRIBUTE_NOT_FOUND;
}

static uint8_t find_by_type_value(struct request *request)
{
    uint16_t start, end;
    uint8_t error = take_range(request, &start, &end);
    if (error)
        return error;
    const uint8_t *wanted = request->data + 7;
    size_t wanted_length = request->length - 7U;
    for (uint16_t handle = start; handle <= end && room(request) >= 4; handle++) {
        const struct ble_attribute *row = row_at(request->ble, handle);
        struct value value;
        if (!type_is(row, request->data + 5, 2) || !readable(row))
            continue;
        fetch(request, handle, &value);
        if (value.length != wanted_length || memcmp(value.bytes, wanted, wanted_length) != 0)
            continue;
        append_u16(request, handle);
        append_u16(request, row->kind == BLE_SERVICE ? group_end(request->ble, handle) : handle);
    }
    return request->reply_length > 1 ? NO_ERROR : ATTRIBUTE_NOT_FOUND;
}

/* One entry of a list whose entries are all of one length. False: the list ends before it. */
static bool append_entry(struct request *request, uint16_t handle, bool with_end)
{
    struct value value;
    fetch(request, handle, &value);
    size_t header = with_end ? 4 : 2;
    size_t most = smaller(ENTRY_MAX, request->link->mtu - 2U) - header;
    size_t length = smaller(value.length, most);
    uint8_t entry = (uint8_t)(header + length);
    if (request->reply_length == 1)
        append(request, &entry, 1);
    if (request->reply[1] != entry || room(request) < entry)
        return false;
    append_u16(request, handle);
    if (with_end)
        append_u16(request, group_end(request->ble, handle));
    append(request, value.bytes, length);
    return true;
}

static uint8_t read_by_type(struct request *request)
{
    uint16_t start, end;
    uint8_t error = take_range(request, &start, &end);
    if (error)
        return error;
    for (uint16_t handle = start; handle <= end; handle++) {
        const struct ble_attribute *row = row_at(request->ble, handle);
        if (!type_is(row, request->data + 5, request->length - 5U))
            continue;
        if (!readable(row)) {
            request->error_handle = handle;
            return request->reply_length > 1 ? NO_ERROR : READ_NOT_PERMITTED;
        }
        if (!append_entry(request, handle, false))
            break;
    }
    return request->reply_length > 1 ? NO_ERROR : ATTRIBUTE_NOT_FOUND;
}

static uint8_t read_by_group_type(struct request *request)
{
    uint16_t start, end;
    uint8_t error = take_range(request, &start, &end);
    if (error)
        return error;
    static const struct ble_attribute service = {.kind = BLE_SERVICE};
    if (request->length == 7 && get_u16(request->data + 5) == TYPE_SECONDARY_SERVICE)
        return ATTRIBUTE_NOT_FOUND;
    if (!type_is(&service, request->data + 5, request->length - 5U))
        return UNSUPPORTED_GROUP_TYPE;
    for (uint16_t handle = start; handle <= end; handle++)
        if (row_at(request->ble, handle)->kind == BLE_SERVICE && !append_entry(request, handle, true))
            break;
    return request->reply_length > 1 ? NO_ERROR : ATTRIBUTE_NOT_FOUND;
}

static uint8_t read_from(struct request *request, size_t offset)
{
    uint16_t handle = get_u16(request->data + 1);
    const struct ble_attribute *row = attribute(request->ble, handle);
    struct value value;
    request->error_handle = handle;
    if (!row)
        return INVALID_HANDLE;
    if (!readable(row))
        return READ_NOT_PERMITTED;
    fetch(request, handle, &value);
    if (offset > value.length)
        return INVALID_OFFSET;
    append(request, value.bytes + offset, smaller(value.length - offset, room(request)));
    return NO_ERROR;
}

static uint8_t read_value(struct request *request)
{
    return read_from(request, 0);
}

static uint8_t read_blob(struct request *request)
{
    return read_from(request, get_u16(request->data + 3));
}

static uint8_t check_cccd(const struct ble_attribute *row, const uint8_t *data, size_t length)
{
    if (length != 2)
        return INVALID_LENGTH;
    bool notifies = (characteristic(row)->properties & BLE_NOTIFY) != 0;
    uint16_t bits = get_u16(data);
    return bits == 0 || (bits == CCCD_NOTIFY && notifies) ? NO_ERROR : CCCD_IMPROPERLY_CONFIGURED;
}

static uint8_t check_write(struct request *request, enum ble_property how)
{
    uint16_t handle = get_u16(request->data + 1);
    const struct ble_attribute *row = attribute(request->ble, handle);
    size_t length = request->length - 3U;
    request->error_handle = handle;
    if (!row)
        return INVALID_HANDLE;
    if (row->kind == BLE_CCCD && how == BLE_WRITE)
        return check_cccd(row, request->data + 3, length);
    if (row->kind != BLE_VALUE || (characteristic(row)->properties & how) == 0)
        return WRITE_NOT_PERMITTED;
    return length <= row->limit ? NO_ERROR : INVALID_LENGTH;
}

static uint8_t write_value(struct request *request)
{
    uint8_t error = check_write(request, BLE_WRITE);
    if (!error)
        request->written = request->error_handle;
    return error;
}

/* A command is never answered: one that cannot be carried out is dropped (3.4.5.3). */
static void write_command(struct request *request)
{
    if (request->length >= 3 && !check_write(request, BLE_WRITE_WITHOUT_RESPONSE))
        request->written = request->error_handle;
}

/* ---- Dispatch ---- */

static uint8_t dispatch(struct request *request)
{
    /* Lengths of the whole PDU. Prepare and execute write, read multiple and signed writes are not offered. */
    static const struct {
        uint8_t opcode;
        uint16_t least, most;
        uint8_t (*handle)(struct request *);
    } requests[] = {
        {EXCHANGE_MTU, 3, 3, exchange_mtu},
        {FIND_INFORMATION, 5, 5, find_information},
        {FIND_BY_TYPE_VALUE, 7, BLE_ATT_MTU, find_by_type_value},
        {READ_BY_TYPE, 7, 21, read_by_type},
        {READ, 3, 3, read_value},
        {READ_BLOB, 5, 5, read_blob},
        {READ_BY_GROUP_TYPE, 7, 21, read_by_group_type},
        {WRITE, 3, BLE_ATT_MTU, write_value},
    };
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        if (requests[i].opcode != request->data[0])
            continue;
        if (request->length < requests[i].least || request->length > requests[i].most)
            return INVALID_PDU;
        if (requests[i].most == 21 && request->length != 7 && request->length != 21)
            return INVALID_PDU;
        return requests[i].handle(request);
    }
    return REQUEST_NOT_SUPPORTED;
}

/* Commands, a client's confirmation and whatever only a server sends get no answer. */
static bool answerable(uint8_t opcode)
{
    bool from_server = (opcode & 1) != 0 && opcode <= 0x23;
    return (opcode & COMMAND_FLAG) == 0 && opcode != CONFIRMATION && !from_server;
}

static void refuse(struct request *request, uint8_t error)
{
    request->reply[0] = ERROR_RESPONSE;
    request->reply[1] = request->data[0];
    put_u16(request->reply + 2, request->error_handle);
    request->reply[4] = error;
    request->reply_length = 5;
}

static void take_effect(struct request *request, uint8_t link)
{
    struct ble *ble = request->ble;
    const struct ble_callbacks *callbacks = &ble->callbacks;
    uint16_t handle = request->written;
    const uint8_t *data = request->data + 3;
    if (handle == 0)
        return;
    if (row_at(ble, handle)->kind != BLE_CCCD) {
        callbacks->written(callbacks->ctx, link, handle, data, request->length - 3U);
        return;
    }
    uint32_t bit = (uint32_t)1 << (handle - 1);
    bool on = (data[0] & CCCD_NOTIFY) != 0;
    request->link->subscriptions = on ? request->link->subscriptions | bit : request->link->subscriptions & ~bit;
    callbacks->subscribed(callbacks->ctx, link, (uint16_t)(handle - 1), on);
}

static void answer(struct request *request)
{
    struct ble_pdu *pdu = &request->link->response;
    request->reply = pdu->bytes + L2CAP_HEADER;
    request->reply[0] = (uint8_t)(request->data[0] + 1);
    request->reply_length = 1;
    uint8_t error = dispatch(request);
    if (error)
        refuse(request, error);
    l2cap_fill(pdu, L2CAP_ATT, request->reply_length);
}

void att_received(struct ble *ble, uint8_t link, const uint8_t *data, uint16_t length)
{
    struct request request = {.ble = ble, .link = &ble->links[link], .data = data, .length = length};
    if (length == 0)
        return;
    if (data[0] == WRITE_COMMAND)
        write_command(&request);
    /* A second request before the answer to the first breaks the protocol (3.3.2): it is not heard. */
    else if (answerable(data[0]) && request.link->response.length == 0)
        answer(&request);
    take_effect(&request, link);
}
