/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor.h"

#include "check.h"

static struct cbor_reader reader_of(const char *hex)
{
    static uint8_t bytes[256];
    size_t len = strlen(hex) / 2;

    for (size_t i = 0; i < len; i++) {
        unsigned byte = 0;

        CHECK(sscanf(hex + 2 * i, "%2x", &byte) == 1);
        bytes[i] = (uint8_t)byte;
    }
    return (struct cbor_reader){bytes, bytes + len};
}

static bool reads_uint(const char *hex, uint32_t max, uint32_t expected)
{
    struct cbor_reader reader = reader_of(hex);
    uint32_t value = 0;

    return cbor_read_uint(&reader, max, &value) && value == expected && reader.at == reader.end;
}

static void shortest_integers_are_read(void)
{
    CHECK(reads_uint("00", 0, 0));
    CHECK(reads_uint("17", 255, 23));
    CHECK(reads_uint("1818", 255, 24));
    CHECK(reads_uint("18ff", 255, 255));
    CHECK(reads_uint("190100", UINT16_MAX, 256));
    CHECK(reads_uint("19ffff", UINT16_MAX, 65535));
    CHECK(reads_uint("1a00010000", UINT32_MAX, 65536));
    CHECK(reads_uint("1affffffff", UINT32_MAX, UINT32_MAX));
}

static void longer_spellings_of_integers_are_refused(void)
{
    static const char *const bad[] = {"1800", "1817", "190000", "1900ff", "1a00000000", "1a0000ffff", "1b00000000ffffffff"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK(!reads_uint(bad[i], UINT32_MAX, 0) && !reads_uint(bad[i], UINT32_MAX, 255));
}

static void integers_out_of_range_are_refused(void)
{
    CHECK(!reads_uint("01", 0, 1));
    CHECK(!reads_uint("190708", 1799, 1800));
    CHECK(!reads_uint("1b0000000100000000", UINT32_MAX, 0));
}

static void truncated_integers_are_refused(void)
{
    static const char *const bad[] = {"", "18", "19", "1901", "1a", "1a000100", "1b00000001000000"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK(!reads_uint(bad[i], UINT32_MAX, 0));
}

static void other_types_are_no_integers(void)
{
    static const char *const bad[] = {"20", "40", "60", "80", "a0", "c000", "f4", "f90000", "1c", "1d", "1e", "1f", "ff"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK(!reads_uint(bad[i], UINT32_MAX, 0));
}

static void byte_strings_are_read_within_their_size(void)
{
    struct cbor_reader reader = reader_of("43010203");
    const uint8_t *bytes;
    size_t len;

    CHECK(cbor_read_bytes(&reader, 3, 3, &bytes, &len) && len == 3 && bytes[2] == 3 && reader.at == reader.end);
    reader = reader_of("43010203");
    CHECK(!cbor_read_bytes(&reader, 4, 8, &bytes, &len));
    reader = reader_of("43010203");
    CHECK(!cbor_read_bytes(&reader, 1, 2, &bytes, &len));
    reader = reader_of("430102");
    CHECK(!cbor_read_bytes(&reader, 1, 3, &bytes, &len));
    reader = reader_of("5f4101ff");
    CHECK(!cbor_read_bytes(&reader, 0, 9, &bytes, &len));
    reader = reader_of("63616263");
    CHECK(!cbor_read_bytes(&reader, 3, 3, &bytes, &len));
}

static void arrays_longer_than_the_input_are_refused(void)
{
    struct cbor_reader reader = reader_of("8101");
    size_t count;

    CHECK(cbor_read_array(&reader, &count) && count == 1);
    reader = reader_of("8201");
    CHECK(!cbor_read_array(&reader, &count));
    reader = reader_of("9f01ff");
    CHECK(!cbor_read_array(&reader, &count));
    reader = reader_of("9bffffffffffffffff00");
    CHECK(!cbor_read_array(&reader, &count));
}

static bool skips(const char *hex, size_t count)
{
    struct cbor_reader reader = reader_of(hex);

    return cbor_skip(&reader, count) && reader.at == reader.end;
}

static void anything_deterministic_can_be_skipped(void)
{
    CHECK(skips("", 0));
    CHECK(skips("00", 1));
    CHECK(skips("1bffffffffffffffff", 1));
    CHECK(skips("3903e7", 1));
    CHECK(skips("426162", 1));
    CHECK(skips("626162", 1));
    CHECK(skips("80", 1));
    CHECK(skips("f4f5f6", 3));
    CHECK(skips("8301820203820405", 1));
    CHECK(skips("8181818101", 1));
}

static void anything_else_is_not_skipped(void)
{
    static const char *const bad[] = {
        "",           "1817",   "18",     "3800",   "4261",   "6261",       "8101ff00", "8201",     "818181818101",
        "a10102",     "c001",   "f7",     "f8ff",   "f93c00", "fa3f800000", "ff",       "5f4101ff", "9f01ff",
        "5bffffffffffffffff00", "9bffffffffffffffff00",
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK(!skips(bad[i], 1));
}

static void integers_are_written_in_their_shortest_form(void)
{
    static const uint32_t values[] = {0, 23, 24, 255, 256, 65535, 65536, UINT32_MAX};
    static const char *const expected = "00171818" "18ff" "190100" "19ffff" "1a00010000" "1affffffff";
    uint8_t out[32];
    char text[65] = "";
    struct cbor_writer writer = {out, out + sizeof out};

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        cbor_write_uint(&writer, values[i]);
    for (const uint8_t *byte = out; byte < writer.at; byte++)
        snprintf(text + 2 * (byte - out), 3, "%02x", *byte);
    CHECK(strcmp(text, expected) == 0);
}

static void a_full_writer_writes_no_further(void)
{
    uint8_t out[4] = {0, 0, 0, 0xaa};
    struct cbor_writer writer = {out, out + 3};

    cbor_write_array(&writer, 4);
    cbor_write_bytes_head(&writer, 300);
    CHECK_EQUAL(out[3], 0xaa);
    CHECK(writer.at == writer.end);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(shortest_integers_are_read),
        TEST(longer_spellings_of_integers_are_refused),
        TEST(integers_out_of_range_are_refused),
        TEST(truncated_integers_are_refused),
        TEST(other_types_are_no_integers),
        TEST(byte_strings_are_read_within_their_size),
        TEST(arrays_longer_than_the_input_are_refused),
        TEST(anything_deterministic_can_be_skipped),
        TEST(anything_else_is_not_skipped),
        TEST(integers_are_written_in_their_shortest_form),
        TEST(a_full_writer_writes_no_further),
    };

    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
