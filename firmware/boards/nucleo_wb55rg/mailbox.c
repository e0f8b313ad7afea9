/* SPDX-License-Identifier: Apache-2.0 */
#include "mailbox.h"

#include <string.h>

#include "cortex.h"
#include "h4.h"
#include "stm32.h"

#define RCC_AHB3ENR_IPCCEN (1u << 20)

/* IPCC channels, as bits. The same number means another thing each way. */
enum channel {
    BLE_COMMAND = 1u << 0, /* to CPU2 */
    SYSTEM_COMMAND = 1u << 1,
    FREE_BUFFERS = 1u << 3,
    BLE_ACL = 1u << 5,
    BLE_EVENT = 1u << 0, /* from CPU2 */
    SYSTEM_EVENT = 1u << 1,
    ALL_CHANNELS = 0x3F,
};

enum {
    H4_SYSTEM_COMMAND = 0x10,
    COMMAND_COMPLETE = 0x0E,
    COMMAND_STATUS = 0x0F,
    OPCODE_BLE_INIT = 0xFC66, /* SHCI_C2_BLE_INIT */
    OPCODE_FLASH_ERASE_ACTIVITY = 0xFC69,
    EVENT_READY = 0x9200,
    READY_WIRELESS = 0,
    POOL_EVENTS = 5,
    EVENT_SIZE = 3 + 255,
    COMMAND_SIZE = 4 + 255,
    ACL_SIZE = 5 + 251,
    PATIENCE = 3200000, /* about a second */
    IPCC_PRIORITY = 2,
    MAX_LINKS = 2,
    ATT_MTU = 247,
};

/* ---- What CPU2 expects in shared memory ---- */

struct node {
    struct node *next, *previous;
};

struct event {
    struct node node;
    uint8_t h4[EVENT_SIZE]; /* type, code, length, parameters */
};

struct command {
    struct node node;
    uint8_t h4[COMMAND_SIZE];
};

struct acl {
    struct node node;
    uint8_t h4[ACL_SIZE];
};

struct device_info {
    uint32_t safe_boot_version, fus_version, fus_memory, fus_info, firmware_version, firmware_memory, firmware_info,
        reserved;
};

struct ble_table {
    struct command *command;
    uint8_t *command_status; /* where CPU2 puts a command status event */
    struct node *events;
    struct acl *acl;
};

struct system_table {
    struct command *command;
    struct node *events;
};

struct memory_table {
    uint8_t *spare_ble, *spare_system;
    uint8_t *pool;
    uint32_t pool_size;
    struct node *free_events;
    uint8_t *traces;
    uint32_t traces_size;
};

/* Tables of radios that this firmware does not use may stay empty; CPU2 only follows those of what is started. */
struct table {
    struct device_info *device_info;
    struct ble_table *ble;
    void *thread;
    struct system_table *system;
    struct memory_table *memory;
    void *traces, *mac_802_15_4, *zigbee, *lld_tests, *ble_lld;
};

/* `used`: somebody outside this program reads and writes it. */
#define SHARED __attribute__((used, section(".mailbox"), aligned(4)))

struct table mailbox_table __attribute__((used, section(".mailbox.table"), aligned(4)));
SHARED static struct device_info device_info;
SHARED static struct ble_table ble_table;
SHARED static struct system_table system_table;
SHARED static struct memory_table memory_table;
SHARED static struct node ble_events, system_events, free_events, traces_queue, *traces_table;
SHARED static struct command ble_command, system_command;
SHARED static struct acl ble_acl;
SHARED static struct event command_status, spare_ble, spare_system;
SHARED static uint8_t pool[POOL_EVENTS * ((sizeof(struct event) + 3) / 4 * 4)];
SHARED static uint8_t empty_tables[64];

static struct node released; /* events to give back, as soon as the channel is free */
static struct event *current;
static enum { BOOTING, STARTING, READY, FAILED } phase;

/* ---- Lists ---- */

static void list_init(struct node *list)
{
    list->next = list->previous = list;
}

static bool list_empty(const struct node *list)
{
    return list->next == list;
}

static struct node *list_take(struct node *list)
{
    struct node *first = list->next;
    list->next = first->next;
    first->next->previous = list;
    return first;
}

static void list_put(struct node *list, struct node *node)
{
    node->next = list;
    node->previous = list->previous;
    list->previous->next = node;
    list->previous = node;
}

/* ---- Channels ---- */

static bool free_to_send(enum channel channel)
{
    return (IPCC->C1TOC2SR & channel) == 0;
}

static bool occupied(enum channel channel)
{
    bool is = (IPCC->C2TOC1SR & channel) != 0;
    __asm__ volatile("dmb" ::: "memory"); /* what CPU2 wrote before is read after */
    return is;
}

/* Tells CPU2 what is in memory by now. */
static void set(enum channel channel)
{
    __asm__ volatile("dmb" ::: "memory");
    IPCC->C1SCR = (uint32_t)channel << 16;
}

static void clear(enum channel channel)
{
    IPCC->C1SCR = channel;
}

/* Interrupts only wake the control task, which unmasks them again as it looks. */
void mailbox_rx_handler(void)
{
    IPCC->C1MR |= IPCC->C2TOC1SR & ALL_CHANNELS;
}

void mailbox_tx_handler(void)
{
    IPCC->C1MR |= (~IPCC->C1TOC2SR & ALL_CHANNELS) << 16;
}

static void listen(uint32_t free_channels)
{
    IPCC->C1MR = (ALL_CHANNELS & ~(uint32_t)(BLE_EVENT | SYSTEM_EVENT)) | (ALL_CHANNELS & ~free_channels) << 16;
}

/* ---- Start ---- */

static void make_tables(void)
{
    list_init(&ble_events);
    list_init(&system_events);
    list_init(&free_events);
    list_init(&traces_queue);
    list_init(&released);
    traces_table = &traces_queue;
    memset(empty_tables, 0, sizeof empty_tables);
    ble_table = (struct ble_table){&ble_command, (uint8_t *)&command_status, &ble_events, &ble_acl};
    system_table = (struct system_table){&system_command, &system_events};
    memory_table = (struct memory_table){
        .spare_ble = (uint8_t *)&spare_ble,
        .spare_system = (uint8_t *)&spare_system,
        .pool = pool,
        .pool_size = sizeof pool,
        .free_events = &free_events,
    };
    mailbox_table = (struct table){
        .device_info = &device_info,
        .ble = &ble_table,
        .thread = empty_tables,
        .system = &system_table,
        .memory = &memory_table,
        .traces = (void *)&traces_table,
        .mac_802_15_4 = empty_tables,
        .zigbee = empty_tables,
        .lld_tests = empty_tables,
        .ble_lld = empty_tables,
    };
}

/* CPU2 waits for an event as well as for C2BOOT, for the case that a boot loader has set C2BOOT before (AN5289, CPU2
 * start-up). IPCC must keep its clock while only CPU2 runs. */
void mailbox_start(void)
{
    make_tables();
    RCC->AHB3ENR |= RCC_AHB3ENR_IPCCEN;
    RCC->C2AHB3ENR |= RCC_AHB3ENR_IPCCEN;
    EXTI->C2EMR2 |= EXTI_C1SEV;
    EXTI->RTSR2 |= EXTI_C1SEV;
    EXTI->IMR2 |= EXTI_IPCC_C1;
    IPCC->C1SCR = ALL_CHANNELS;
    listen(0);
    IPCC->C1CR = IPCC_CR_RXOIE | IPCC_CR_TXFIE;
    irq_enable(IRQ_IPCC_C1_RX, IPCC_PRIORITY);
    irq_enable(IRQ_IPCC_C1_TX, IPCC_PRIORITY);
    PWR->C2CR1 = (PWR->C2CR1 & ~PWR_CR1_LPMS) | PWR_CR1_LPMS_SHUTDOWN; /* CPU1's choice of Stop decides */
    __asm__ volatile("sev\n\twfe");
    PWR->CR4 |= PWR_CR4_C2BOOT;
}

static void send_system(uint16_t opcode, const void *parameters, uint8_t length)
{
    uint8_t *h4 = system_command.h4;
    h4[0] = H4_SYSTEM_COMMAND;
    h4[1] = (uint8_t)opcode;
    h4[2] = (uint8_t)(opcode >> 8);
    h4[3] = length;
    memcpy(h4 + 4, parameters, length);
    set(SYSTEM_COMMAND);
}

/* The answer to a system command lies where the command was, without the list node: type, code, length, packets, opcode,
 * status. */
static uint8_t system_status(void)
{
    const uint8_t *answer = (const uint8_t *)&system_command;
    return answer[6];
}

/* Parameters of SHCI_C2_BLE_INIT in the form of wireless firmware 1.15 and later; zero means "as the firmware has it".
 * Only the link layer is started: the host is ours. */
static void start_link_layer(void)
{
    const struct __attribute__((packed)) {
        uint32_t buffer, buffer_size;
        uint16_t attributes, services, value_size;
        uint8_t links, extended_packets, prepare_writes, memory_blocks;
        uint16_t att_mtu, peripheral_sca;
        uint8_t central_sca, low_speed_source;
        uint32_t max_event_length;
        uint16_t hse_startup;
        uint8_t viterbi, options, hardware, max_channels;
        int8_t min_power, max_power;
        uint8_t rx_model, max_sets;
        uint16_t max_set_data;
        int16_t tx_path, rx_path;
        uint8_t core_version;
    } parameters = {
        .attributes = 68,
        .services = 8,
        .value_size = 1344,
        .links = MAX_LINKS,
        .extended_packets = 1,
        .prepare_writes = 1,
        .memory_blocks = 64,
        .att_mtu = ATT_MTU,
        .peripheral_sca = 500,
        .max_event_length = UINT32_MAX,
        .hse_startup = 0x148,
        .viterbi = 1,
        .options = 1, /* link layer only */
        .max_power = 6,
        .max_sets = 2,
        .max_set_data = 31,
        .core_version = 12, /* 5.3 */
    };
    phase = STARTING;
    send_system(OPCODE_BLE_INIT, &parameters, sizeof parameters);
}

/* ---- The control task's calls ---- */

static bool buffered(const struct event *event)
{
    return event->h4[0] != H4_EVENT || (event->h4[1] != COMMAND_COMPLETE && event->h4[1] != COMMAND_STATUS);
}

static void give_back(struct node *node)
{
    list_put(&released, node);
}

static void return_events(void)
{
    if (list_empty(&released) || !free_to_send(FREE_BUFFERS))
        return;
    while (!list_empty(&released))
        list_put(&free_events, list_take(&released));
    set(FREE_BUFFERS);
}

static void take_system_events(void)
{
    if (!occupied(SYSTEM_EVENT))
        return;
    while (!list_empty(&system_events)) {
        struct event *event = (struct event *)list_take(&system_events);
        const uint8_t *parameters = event->h4 + 3;
        if (phase == BOOTING && (parameters[0] | parameters[1] << 8) == EVENT_READY) {
            if (parameters[2] == READY_WIRELESS)
                start_link_layer();
            else
                phase = FAILED;
        }
        give_back(&event->node);
    }
    clear(SYSTEM_EVENT);
}

void mailbox_poll(void)
{
    take_system_events();
    if (phase == STARTING && free_to_send(SYSTEM_COMMAND))
        phase = system_status() == 0 ? READY : FAILED;
    return_events();
    listen((phase == STARTING ? SYSTEM_COMMAND : 0) | (list_empty(&released) ? 0 : FREE_BUFFERS));
}

bool mailbox_ready(void)
{
    return phase == READY;
}

bool mailbox_failed(void)
{
    return phase == FAILED;
}

static enum channel channel_of(const uint8_t *packet)
{
    return packet[0] == H4_ACL ? BLE_ACL : BLE_COMMAND;
}

bool mailbox_can_send(const uint8_t *packet)
{
    enum channel channel = channel_of(packet);
    if (!free_to_send(channel)) {
        IPCC->C1MR &= ~((uint32_t)channel << 16);
        return false;
    }
    return true;
}

void mailbox_send(const uint8_t *packet, size_t length)
{
    enum channel channel = channel_of(packet);
    memcpy(channel == BLE_ACL ? ble_acl.h4 : ble_command.h4, packet, length);
    set(channel);
}

static size_t h4_length(const uint8_t *h4)
{
    return h4[0] == H4_ACL ? 5u + h4[3] + (size_t)h4[4] * 256 : 3u + h4[2];
}

const uint8_t *mailbox_receive(size_t *length)
{
    if (!occupied(BLE_EVENT))
        return NULL;
    if (list_empty(&ble_events)) {
        clear(BLE_EVENT);
        return NULL;
    }
    current = (struct event *)list_take(&ble_events);
    *length = h4_length(current->h4);
    return current->h4;
}

/* The answers to commands lie in buffers of their own and are not the pool's. */
void mailbox_release(void)
{
    if (buffered(current))
        give_back(&current->node);
    return_events();
}

bool mailbox_waiting(void)
{
    return occupied(BLE_EVENT) || occupied(SYSTEM_EVENT) || (phase == STARTING && free_to_send(SYSTEM_COMMAND)) ||
           (!list_empty(&released) && free_to_send(FREE_BUFFERS));
}

void mailbox_flash_activity(bool on)
{
    const uint8_t parameter = on;
    if (phase != READY)
        return;
    send_system(OPCODE_FLASH_ERASE_ACTIVITY, &parameter, sizeof parameter);
    for (int i = 0; i < PATIENCE && !free_to_send(SYSTEM_COMMAND); i++)
        ;
}
