/* SPDX-License-Identifier: Apache-2.0
 *
 * What the display shows of its own accord. With digits as arguments it prints their pictures, to be looked at.
 */
#include "notice.h"

#include "check.h"

static struct notice notice;
static struct display display;
static uint8_t shown[PICTURE_BYTES];
static bool lit;
static unsigned calls;

static void on_display(void *ctx, const uint8_t *frame)
{
    (void)ctx;
    lit = frame != NULL;
    calls++;
    if (lit)
        memcpy(shown, frame, sizeof shown);
}

static const struct cuelight_hal hal = {.display = on_display};

static void setup(bool small)
{
    memset(&notice, 0, sizeof notice);
    notice.small_display = small;
    display_init(&display, &hal);
    calls = 0;
}

static bool pixel(unsigned x, unsigned y)
{
    return (shown[y * 4 + x / 8] << x % 8 & 0x80) != 0;
}

static void print(void)
{
    for (unsigned y = 0; y < 32; y++) {
        for (unsigned x = 0; x < 32; x++)
            fputs(pixel(x, y) ? "##" : "..", stdout);
        putchar('\n');
    }
    putchar('\n');
}

static void six_digits_fit_in_two_rows_with_gaps_between(void)
{
    setup(false);
    notice_code(&notice, 888888, 1000);
    CHECK(notice_step(&notice, &display, 1000) == CUELIGHT_NEVER);
    CHECK(lit);
    for (unsigned i = 0; i < 32; i++) {
        CHECK(!pixel(9, i) && !pixel(10, i) && !pixel(20, i) && !pixel(21, i) && !pixel(31, i));
        CHECK(!pixel(i, 0) && !pixel(i, 15) && !pixel(i, 16) && !pixel(i, 31));
    }
    for (unsigned cell = 0; cell < 6; cell++)
        for (unsigned y = 0; y < 14; y++)
            for (unsigned x = 0; x < 9; x++)
                CHECK_EQUAL(pixel(cell % 3 * 11 + x, cell / 3 * 16 + 1 + y), pixel(x, 1 + y));
}

static void every_numeral_is_another_one(void)
{
    uint8_t pictures[10][PICTURE_BYTES];

    for (uint32_t digit = 0; digit < 10; digit++) {
        setup(false);
        notice_code(&notice, digit * 111111, 0);
        notice_step(&notice, &display, 0);
        memcpy(pictures[digit], shown, PICTURE_BYTES);
        for (unsigned other = 0; other < digit; other++)
            CHECK(memcmp(pictures[digit], pictures[other], PICTURE_BYTES) != 0);
    }
}

static void a_small_display_shows_one_digit_after_another_and_then_a_pause(void)
{
    uint64_t now = 5000, due;
    unsigned dark = 0, digits = 0;

    setup(true);
    notice_code(&notice, 7, now);       /* 000007 */
    for (unsigned place = 0; place < 6; place++) {
        due = notice_step(&notice, &display, now);
        CHECK_EQUAL(due, now + 1000000);
        digits++;
        for (unsigned row = 0; row < 8; row++)
            CHECK_EQUAL(pixel(28, row * 4), row <= place);
        CHECK_EQUAL(pixel(4, 4), place < 5);            /* the left side of 0, which 7 has not */
        now = due;
        due = notice_step(&notice, &display, now);
        for (unsigned i = 0; i < PICTURE_BYTES; i++)
            dark += shown[i] == 0;
        now = due;
        if (place < 5)
            CHECK_EQUAL(now, 5000 + (place + 1) * 1200000);
    }
    CHECK_EQUAL(dark, 6 * PICTURE_BYTES);
    CHECK_EQUAL(notice_step(&notice, &display, now), 5000 + 6 * 1200000 + 2000000);
    now = 5000 + 6 * 1200000 + 2000000;
    CHECK_EQUAL(notice_step(&notice, &display, now), now + 1000000);
    CHECK(pixel(28, 0) && !pixel(28, 4));
}

static void a_picture_for_a_small_display_is_made_of_whole_points(void)
{
    setup(true);
    for (uint32_t digit = 0; digit < 10; digit++) {
        notice_code(&notice, digit * 100000, 0);
        notice_step(&notice, &display, 0);
        for (unsigned y = 0; y < 32; y++)
            for (unsigned x = 0; x < 32; x++)
                CHECK_EQUAL(pixel(x, y), pixel(x & ~3u, y & ~3u));
    }
}

static void it_is_drawn_once_and_goes_over_whatever_else_is_shown(void)
{
    setup(false);
    notice_show(&notice, NOTICE_PAIRING, 0);
    for (uint64_t now = 0; now < 100; now++)
        notice_step(&notice, &display, now);
    CHECK_EQUAL(calls, 1);
    display_invert(&display, true);
    display_off(&display);
    CHECK(calls == 1 && lit);
    notice_show(&notice, NOTICE_NONE, 100);
    notice_step(&notice, &display, 100);
    CHECK(calls == 2 && !lit);
}

static void the_picture_of_a_reset_stays_for_two_seconds(void)
{
    setup(false);
    notice_show(&notice, NOTICE_RESET, 1000);
    CHECK_EQUAL(notice_step(&notice, &display, 1000), 2001000);
    CHECK(lit);
    CHECK(notice_step(&notice, &display, 2001000) == CUELIGHT_NEVER);
    CHECK(!lit);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(six_digits_fit_in_two_rows_with_gaps_between),
        TEST(every_numeral_is_another_one),
        TEST(a_small_display_shows_one_digit_after_another_and_then_a_pause),
        TEST(a_picture_for_a_small_display_is_made_of_whole_points),
        TEST(it_is_drawn_once_and_goes_over_whatever_else_is_shown),
        TEST(the_picture_of_a_reset_stays_for_two_seconds),
    };

    if (argc > 1 && argv[1][0] >= '0' && argv[1][0] <= '9') {
        for (unsigned kind = NOTICE_PAIRING; kind <= NOTICE_RESET; kind++)
            for (unsigned small = 0; small < 2; small++) {
                setup(small != 0);
                notice_code(&notice, (uint32_t)strtoul(argv[1], NULL, 10), 0);
                notice.kind = (uint8_t)kind;
                notice_step(&notice, &display, 0);
                print();
            }
        return 0;
    }
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
