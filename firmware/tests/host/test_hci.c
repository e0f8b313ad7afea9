/* SPDX-License-Identifier: Apache-2.0
 *
 * The host and its controller: bring-up, advertising, links, and everything a controller can get wrong.
 */
#include "bytes.h"
#include "check.h"
#include "controller.h"

static const uint16_t bring_up[] = {RESET,
                                    LE_READ_BUFFER_SIZE,
                                    SET_EVENT_MASK,
                                    LE_SET_EVENT_MASK,
                                    SET_RANDOM_ADDRESS,
                                    SET_ADVERTISING_PARAMETERS,
                                    SET_ADVERTISING_DATA,
                                    SET_SCAN_RESPONSE,
                                    SET_ADVERTISING_ENABLE};

enum { STEPS = sizeof bring_up / sizeof bring_up[0], SETUP_STEPS = 5 };

static const struct ble_advertising on_air = {{2, 1, 6}, 3, {2, 10, 0}, 3, 96};

static void check_bring_up(size_t from)
{
    CHECK_EQUAL(world.command_count - from, STEPS);
    for (size_t i = 0; i < STEPS; i++)
        CHECK_EQUAL(command_opcode(from + i), bring_up[i]);
}

static void new_with_advertising(void)
{
    world_new();
    ble_advertise(&world.ble, &on_air);
}

static bool advertising(void)
{
    for (size_t i = world.command_count; i-- > 0;)
        if (command_opcode(i) == SET_ADVERTISING_ENABLE)
            return world.commands[i].bytes[4] == 1;
    return false;
}

static void the_controller_is_set_up_in_order(void)
{
    new_with_advertising();
    settle();
    check_bring_up(0);
    CHECK(memcmp(world.commands[4].bytes + 4, "\1\2\3\4\5\xC6", 6) == 0);
    const uint8_t parameters[15] = {96, 0, 96, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0};
    CHECK(memcmp(world.commands[5].bytes + 4, parameters, sizeof parameters) == 0);
    CHECK_EQUAL(world.commands[6].length, 4 + 32);
    CHECK(memcmp(world.commands[6].bytes + 4, "\3\2\1\6\0", 5) == 0);
    CHECK(memcmp(world.commands[7].bytes + 4, "\3\2\12\0\0", 5) == 0);
    CHECK(advertising());
}

static void nothing_is_advertised_before_it_is_asked_for(void)
{
    world_new();
    settle();
    CHECK_EQUAL(last_command(), SET_RANDOM_ADDRESS);
    CHECK_EQUAL(ble_poll(&world.ble, world.now_us), UINT64_MAX);
}

static void a_controller_without_le_buffers_shares_its_others(void)
{
    new_with_advertising();
    world.le_payload = 0;
    world.payload = 27;
    world.packets = 300;
    settle();
    CHECK_EQUAL(command_opcode(2), READ_BUFFER_SIZE);
    CHECK(advertising());
    CHECK_EQUAL(world.ble.acl_payload, 27);
    CHECK_EQUAL(world.ble.acl_credits, 64); /* of 32 bytes */
    new_with_advertising();
    world.le_payload = 0;
    world.payload = 27;
    world.packets = 5;
    settle();
    CHECK_EQUAL(world.ble.acl_credits, 5);
}

static void no_more_is_trusted_to_the_controller_than_the_board_can_send(void)
{
    for (uint16_t payload = 27; payload < 300; payload++) {
        new_with_advertising();
        world.le_payload = payload;
        world.le_packets = 255;
        settle();
        size_t bytes = world.ble.acl_credits * (5U + world.ble.acl_payload);
        CHECK(bytes <= BLE_ACL_BYTES && bytes + 5U + world.ble.acl_payload > BLE_ACL_BYTES);
    }
}

static void a_controller_without_buffers_is_reset_until_it_has_some(void)
{
    new_with_advertising();
    world.le_packets = 0;
    settle();
    CHECK_EQUAL(last_command(), READ_BUFFER_SIZE);
    world.le_packets = 1;
    forget();
    pass(world.now_us + 1000000);
    check_bring_up(0);
    CHECK_EQUAL(world.ble.acl_credits, 1);
}

static void each_refused_step_of_the_setup_starts_it_over_after_a_second(void)
{
    for (size_t step = 0; step < SETUP_STEPS; step++) {
        new_with_advertising();
        world.refuse = bring_up[step];
        world.refusal = 0x1F;
        world.refusals = 1;
        settle();
        CHECK_EQUAL(world.command_count, step + 1);
        pass(world.now_us + 999999);
        CHECK_EQUAL(world.command_count, step + 1);
        pass(world.now_us + 1);
        check_bring_up(step + 1);
    }
}

static void each_unanswered_step_is_reset_after_two_seconds(void)
{
    for (size_t step = 0; step < STEPS; step++) {
        new_with_advertising();
        world.silent = bring_up[step];
        settle();
        CHECK_EQUAL(world.command_count, step + 1);
        world.answered = step + 1;
        world.silent = 0;
        pass(world.now_us + 1999999);
        CHECK_EQUAL(world.command_count, step + 1);
        pass(world.now_us + 1);
        check_bring_up(step + 1);
    }
}

static void short_answers_start_the_setup_over(void)
{
    world_new();
    world.answers = false;
    settle();
    HCI(4, 0x0E, 3, 1, 0x03, 0x0C); /* no status */
    CHECK_EQUAL(world.ble.step, BLE_RESET);
    pass(world.now_us + 1000000);
    CHECK_EQUAL(last_command(), RESET);
    HCI(4, 0x0E, 4, 1, 0x03, 0x0C, 0);
    CHECK_EQUAL(last_command(), LE_READ_BUFFER_SIZE);
    HCI(4, 0x0E, 6, 1, 0x02, 0x20, 0, 27, 0); /* no count */
    CHECK_EQUAL(world.ble.step, BLE_RESET);
}

static void an_unknown_command_refused_by_status_starts_the_setup_over(void)
{
    world_new();
    world.answers = false;
    settle();
    HCI(4, 0x0F, 4, 1, 1, 0x03, 0x0C);
    CHECK_EQUAL(world.ble.step, BLE_RESET);
    CHECK_EQUAL(ble_poll(&world.ble, world.now_us), world.now_us + 1000000);
}

static void the_controller_says_when_it_takes_the_next_command(void)
{
    world_new();
    world.answers = false;
    settle();
    HCI(4, 0x0E, 4, 0, 0x03, 0x0C, 0);
    settle();
    CHECK_EQUAL(world.command_count, 1);
    HCI(4, 0x0E, 3, 1, 0, 0); /* no command: only the permission */
    settle();
    CHECK_EQUAL(last_command(), LE_READ_BUFFER_SIZE);
}

static void a_status_also_says_when_the_next_command_is_taken(void)
{
    world_up();
    connect(1);
    connect(2);
    forget();
    world.answers = false;
    ble_disconnect(&world.ble, 0);
    ble_disconnect(&world.ble, 1);
    settle();
    HCI(4, 0x0F, 4, 0, 0, 0x06, 0x04);
    settle();
    CHECK_EQUAL(world.command_count, 1);
    HCI(4, 0x0F, 4, 0, 1, 0, 0);
    settle();
    CHECK_EQUAL(world.command_count, 2);
}

static void a_controller_that_never_takes_the_next_command_is_reset(void)
{
    world_new();
    world.answers = false;
    settle();
    HCI(4, 0x0E, 4, 0, 0x03, 0x0C, 0);
    pass(world.now_us + 2000000);
    CHECK_EQUAL(world.command_count, 2);
    CHECK_EQUAL(last_command(), RESET);
}

static void answers_to_other_commands_change_nothing(void)
{
    world_new();
    world.answers = false;
    settle();
    HCI(4, 0x0E, 4, 1, 0x01, 0x0C, 0);
    HCI(4, 0x0F, 4, 0x0C, 1, 0x01, 0x0C);
    CHECK_EQUAL(world.ble.step, BLE_RESET);
    CHECK_EQUAL(world.command_count, 1);
}

static void a_hardware_error_ends_every_link_and_starts_over(void)
{
    world_up();
    connect(1);
    connect(2);
    forget();
    HCI(4, 0x10, 1, 7);
    settle();
    CHECK_EQUAL(world.disconnected[0], 1);
    CHECK_EQUAL(world.disconnected[1], 1);
    check_bring_up(0);
}

static void data_may_change_on_the_air_but_parameters_may_not(void)
{
    struct ble_advertising changed = on_air;
    world_up();
    changed.data[2] = 7;
    ble_advertise(&world.ble, &changed);
    settle();
    CHECK_EQUAL(world.command_count, 1);
    CHECK_EQUAL(last_command(), SET_ADVERTISING_DATA);
    forget();
    changed.scan_response[2] = 1;
    ble_advertise(&world.ble, &changed);
    settle();
    CHECK_EQUAL(world.command_count, 1);
    CHECK_EQUAL(last_command(), SET_SCAN_RESPONSE);
    forget();
    changed.interval = 668;
    ble_advertise(&world.ble, &changed);
    settle();
    CHECK_EQUAL(world.command_count, 3);
    CHECK_EQUAL(command_opcode(0), SET_ADVERTISING_ENABLE);
    CHECK_EQUAL(world.commands[0].bytes[4], 0);
    CHECK_EQUAL(command_opcode(1), SET_ADVERTISING_PARAMETERS);
    CHECK(advertising());
    forget();
    ble_advertise(&world.ble, &changed);
    settle();
    CHECK_EQUAL(world.command_count, 0);
}

static void advertising_goes_on_while_a_link_is_free(void)
{
    world_up();
    connect(1);
    CHECK(advertising());
    forget();
    connect(2);
    CHECK_EQUAL(world.command_count, 0);
    disconnected(1, 0x13);
    CHECK(advertising());
    CHECK_EQUAL(world.reason, 0x13);
}

static void advertising_that_ended_without_a_link_is_taken_up_again(void)
{
    world_up();
    HCI(4, 0x3E, 19, 1, 0x3C, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    settle();
    CHECK(advertising());
    CHECK_EQUAL(world.connected[0], 0);
}

static void refused_advertising_is_tried_again_from_the_start(void)
{
    for (size_t step = SETUP_STEPS; step < STEPS; step++) {
        new_with_advertising();
        world.refuse = bring_up[step];
        world.refusal = 0x12;
        world.refusals = 1;
        settle();
        CHECK_EQUAL(world.command_count, step + 1);
        pass(world.now_us + 999999);
        CHECK_EQUAL(world.command_count, step + 1);
        pass(world.now_us + 1);
        CHECK(advertising());
        CHECK_EQUAL(world.command_count, step + 1 + 1 + (STEPS - SETUP_STEPS)); /* off first, to know the state */
    }
}

static void switching_off_what_is_off_is_no_failure(void)
{
    struct ble_advertising changed = on_air;
    world_up();
    changed.interval = 668;
    world.refuse = SET_ADVERTISING_ENABLE;
    world.refusal = 0x0C;
    world.refusals = 1;
    ble_advertise(&world.ble, &changed);
    settle();
    CHECK(advertising());
    CHECK_EQUAL(world.command_count, 3);
}

static void a_freed_link_ends_the_wait_for_refused_advertising(void)
{
    world_up();
    world.refuse = SET_ADVERTISING_ENABLE;
    world.refusal = 0x0D;
    world.refusals = 1;
    connect(1);
    forget();
    settle();
    CHECK_EQUAL(world.command_count, 0);
    disconnected(1, 0x13);
    CHECK(advertising());
}

static void a_connection_that_crosses_the_enable_leaves_nothing_off_the_air(void)
{
    world_up();
    world.answers = false;
    connect(1);
    CHECK_EQUAL(last_command(), SET_ADVERTISING_ENABLE);
    forget();
    connect(2); /* by the advertising that this command started, before its answer */
    disconnected(1, 8);
    HCI(4, 0x0E, 4, 1, 0x0A, 0x20, 0);
    world.answers = true;
    settle();
    CHECK_EQUAL(world.commands[0].bytes[4], 0);
    CHECK(advertising());
}

static void both_forms_of_connection_complete_are_understood(void)
{
    world_up();
    HCI(4, 0x3E, 31, 0x0A, 0, 5, 0, 1, 0, 1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 72, 0, 0);
    settle();
    CHECK_EQUAL(world.connected[0], 1);
    CHECK_EQUAL(world.ble.links[0].handle, 5);
    connect(6);
    CHECK_EQUAL(world.connected[1], 1);
}

static void a_connection_as_central_is_none_of_ours(void)
{
    world_up();
    HCI(4, 0x3E, 19, 1, 0, 1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 6, 0, 0, 0, 72, 0, 0);
    settle();
    CHECK_EQUAL(world.connected[0], 0);
}

static void a_third_connection_is_ended(void)
{
    world_up();
    connect(1);
    connect(2);
    forget();
    connect(0x123);
    CHECK_EQUAL(last_command(), DISCONNECT);
    CHECK(memcmp(world.commands[0].bytes + 4, "\x23\x01\x13", 3) == 0);
    disconnected(0x123, 0x16);
    CHECK_EQUAL(world.disconnected[0] + world.disconnected[1], 0);
}

static void a_third_connection_may_be_gone_before_it_is_ended(void)
{
    world_up();
    connect(1);
    connect(2);
    world.refuse = DISCONNECT;
    world.refusal = 0x02;
    world.refusals = 1;
    connect(3);
    CHECK_EQUAL(last_command(), DISCONNECT);
    CHECK_EQUAL(world.disconnected[0] + world.disconnected[1], 0);
}

static void a_handle_given_twice_is_a_new_link(void)
{
    world_up();
    connect(1);
    connect(1);
    CHECK_EQUAL(world.disconnected[0], 1);
    CHECK_EQUAL(world.connected[0], 2);
}

static void a_link_is_ended_once_what_was_sent_has_gone_out(void)
{
    world_up();
    connect(1);
    world.completes = false;
    ATT(1, 0x0A, H_NAME, 0);
    forget();
    ble_disconnect(&world.ble, 0);
    settle();
    CHECK_EQUAL(world.command_count, 0);
    ATT(1, 0x12, H_RX, 0, 1); /* nothing is heard any more */
    CHECK_EQUAL(world.written[0], 0);
    complete(1, 1);
    settle();
    CHECK_EQUAL(last_command(), DISCONNECT);
    ble_disconnect(&world.ble, 0);
    settle();
    CHECK_EQUAL(world.command_count, 1);
    disconnected(1, 0x16);
    CHECK_EQUAL(world.disconnected[0], 1);
}

static void a_link_that_takes_nothing_is_ended_after_half_a_second(void)
{
    world_up();
    connect(1);
    world.completes = false;
    ATT(1, 0x0A, H_NAME, 0);
    forget();
    ble_disconnect(&world.ble, 0);
    pass(world.now_us + 499999);
    CHECK_EQUAL(world.command_count, 0);
    pass(world.now_us + 1);
    CHECK_EQUAL(last_command(), DISCONNECT);
}

static void a_link_the_controller_does_not_know_is_down(void)
{
    world_up();
    connect(1);
    world.refuse = DISCONNECT;
    world.refusal = 0x02;
    world.refusals = 1;
    ble_disconnect(&world.ble, 0);
    settle();
    CHECK_EQUAL(world.disconnected[0], 1);
}

static void a_link_the_controller_will_not_end_is_ended_by_a_reset(void)
{
    world_up();
    connect(1);
    forget();
    world.refuse = DISCONNECT;
    world.refusal = 0x0C;
    world.refusals = 1;
    ble_disconnect(&world.ble, 0);
    settle();
    CHECK_EQUAL(world.disconnected[0], 1);
    check_bring_up(1);
}

static void a_failed_disconnection_leaves_the_link_up(void)
{
    world_up();
    connect(1);
    HCI(4, 5, 4, 0x0C, 1, 0, 0x16);
    HCI(4, 5, 4, 0, 2, 0, 0x16); /* no such link */
    CHECK_EQUAL(world.disconnected[0], 0);
    ble_disconnect(&world.ble, BLE_LINKS);
    ble_disconnect(&world.ble, 1);
    settle();
    CHECK(last_command() != DISCONNECT);
}

static void encryption_is_refused(void)
{
    world_up();
    connect(0x41);
    forget();
    HCI(4, 0x3E, 13, 5, 0x41, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    HCI(4, 0x3E, 13, 5, 0x42, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10); /* no such link */
    settle();
    CHECK_EQUAL(world.command_count, 1);
    CHECK_EQUAL(last_command(), KEY_NEGATIVE_REPLY);
    CHECK_EQUAL(get_u16(world.commands[0].bytes + 4), 0x41);
}

static void every_event_cut_short_is_ignored(void)
{
    static const uint8_t events[][24] = {
        {0x05, 4, 0, 1, 0, 8},
        {0x0E, 4, 1, 0x03, 0x0C, 0},
        {0x0F, 4, 0, 1, 0x06, 0x04},
        {0x13, 5, 1, 1, 0, 1, 0},
        {0x3E, 3, 5, 1, 0},
        {0x3E, 5, 1, 0, 9, 0, 1},
        {0x3E, 5, 10, 0, 9, 0, 1},
    };
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        for (uint8_t length = 0; length < events[i][1]; length++) {
            uint8_t packet[32] = {4, events[i][0], length};
            world_up();
            connect(1);
            forget();
            memcpy(packet + 3, events[i] + 2, length);
            hci(packet, 3U + length);
            settle();
            CHECK_EQUAL(world.command_count, 0);
            CHECK_EQUAL(world.connected[0] + world.connected[1], 1);
            CHECK_EQUAL(world.disconnected[0], 0);
        }
    }
}

static void unknown_events_are_ignored(void)
{
    world_up();
    for (unsigned code = 0; code < 256; code++)
        if (code != 0x10)
            HCI(4, (uint8_t)code, 0);
    for (unsigned code = 0; code < 256; code++)
        if (code != 1 && code != 10)
            HCI(4, 0x3E, 4, (uint8_t)code, 0, 1, 0);
    settle();
    CHECK_EQUAL(world.command_count, 0);
}

static void events_of_before_the_reset_are_not_heard(void)
{
    world_new();
    world.answers = false;
    settle();
    connect(1);
    HCI(4, 0x10, 1, 7);
    settle();
    CHECK_EQUAL(world.connected[0], 0);
    CHECK_EQUAL(world.command_count, 1);
}

static void a_lost_stream_ends_every_link_and_is_found_again_by_its_reset(void)
{
    world_up();
    connect(1);
    forget();
    world.answers = false;
    HCI(0x55, 4, 0x0E, 4, 1, 0x03);
    settle();
    CHECK_EQUAL(world.disconnected[0], 1);
    CHECK_EQUAL(last_command(), RESET);
    world.answered = 1;
    HCI(4, 4, 0x0E, 4, 4, 0x0E, 4, 1, 0x03, 0x0C, 1); /* refused: not the answer looked for */
    settle();
    CHECK_EQUAL(world.command_count, 1);
    world.answers = true;
    HCI(4, 0x0E, 4, 9, 0x03, 0x0C, 0);
    settle();
    check_bring_up(0);
    connect(1);
    CHECK_EQUAL(world.connected[0], 2);
}

static void a_lost_stream_is_reset_again_until_it_is_found(void)
{
    world_up();
    forget();
    world.answers = false;
    HCI(0);
    pass(world.now_us + 4000000);
    CHECK_EQUAL(world.command_count, 3);
    CHECK_EQUAL(last_command(), RESET);
}

static void every_type_but_event_and_data_loses_the_stream(void)
{
    for (unsigned type = 0; type < 256; type++) {
        world_up();
        HCI((uint8_t)type);
        CHECK_EQUAL(world.ble.h4.state == BLE_H4_LOST, type != 2 && type != 4);
    }
}

static void the_stream_may_be_cut_anywhere(void)
{
    static const uint8_t stream[] = {4, 0x3E, 19, 1,  0, 1, 0, 1, 0, 1, 2, 3,    4,    5, 6,    6, 0, 0, 0, 72, 0, 0,
                                     2, 1,    0x20, 8, 0, 4, 0, 4, 0, 0x52, H_RX, 0, 0xAA, 4, 5, 4, 0, 1, 0,  8};
    for (size_t cut = 0; cut < sizeof stream; cut++) {
        world_up();
        world.answers = false; /* nothing else comes in between */
        hci(stream, cut);
        hci(stream + cut, sizeof stream - cut);
        settle();
        CHECK_EQUAL(world.connected[0], 1);
        CHECK_EQUAL(world.written[0], 1);
        CHECK_EQUAL(world.disconnected[0], 1);
    }
    world_up();
    world.answers = false;
    for (size_t i = 0; i < sizeof stream; i++)
        hci(stream + i, 1);
    CHECK_EQUAL(world.written[0], 1);
    CHECK_EQUAL(world.disconnected[0], 1);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(the_controller_is_set_up_in_order),
        TEST(nothing_is_advertised_before_it_is_asked_for),
        TEST(a_controller_without_le_buffers_shares_its_others),
        TEST(no_more_is_trusted_to_the_controller_than_the_board_can_send),
        TEST(a_controller_without_buffers_is_reset_until_it_has_some),
        TEST(each_refused_step_of_the_setup_starts_it_over_after_a_second),
        TEST(each_unanswered_step_is_reset_after_two_seconds),
        TEST(short_answers_start_the_setup_over),
        TEST(an_unknown_command_refused_by_status_starts_the_setup_over),
        TEST(the_controller_says_when_it_takes_the_next_command),
        TEST(a_status_also_says_when_the_next_command_is_taken),
        TEST(a_controller_that_never_takes_the_next_command_is_reset),
        TEST(answers_to_other_commands_change_nothing),
        TEST(a_hardware_error_ends_every_link_and_starts_over),
        TEST(data_may_change_on_the_air_but_parameters_may_not),
        TEST(advertising_goes_on_while_a_link_is_free),
        TEST(advertising_that_ended_without_a_link_is_taken_up_again),
        TEST(refused_advertising_is_tried_again_from_the_start),
        TEST(switching_off_what_is_off_is_no_failure),
        TEST(a_freed_link_ends_the_wait_for_refused_advertising),
        TEST(a_connection_that_crosses_the_enable_leaves_nothing_off_the_air),
        TEST(both_forms_of_connection_complete_are_understood),
        TEST(a_connection_as_central_is_none_of_ours),
        TEST(a_third_connection_is_ended),
        TEST(a_third_connection_may_be_gone_before_it_is_ended),
        TEST(a_handle_given_twice_is_a_new_link),
        TEST(a_link_is_ended_once_what_was_sent_has_gone_out),
        TEST(a_link_that_takes_nothing_is_ended_after_half_a_second),
        TEST(a_link_the_controller_does_not_know_is_down),
        TEST(a_link_the_controller_will_not_end_is_ended_by_a_reset),
        TEST(a_failed_disconnection_leaves_the_link_up),
        TEST(encryption_is_refused),
        TEST(every_event_cut_short_is_ignored),
        TEST(unknown_events_are_ignored),
        TEST(events_of_before_the_reset_are_not_heard),
        TEST(a_lost_stream_ends_every_link_and_is_found_again_by_its_reset),
        TEST(a_lost_stream_is_reset_again_until_it_is_found),
        TEST(every_type_but_event_and_data_loses_the_stream),
        TEST(the_stream_may_be_cut_anywhere),
    };
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
