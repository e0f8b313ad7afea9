/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include "check.h"

static enum command_result decode(const char *hex, struct command *command)
{
    static uint8_t bytes[512];
    size_t len = strlen(hex) / 2;

    for (size_t i = 0; i < len; i++) {
        unsigned byte = 0;

        CHECK(sscanf(hex + 2 * i, "%2x", &byte) == 1);
        bytes[i] = (uint8_t)byte;
    }
    return command_decode(bytes, len, command);
}

static bool malformed(const char *hex)
{
    struct command command;

    return decode(hex, &command) == COMMAND_MALFORMED;
}

#define DIGEST "5820000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void every_operation_of_the_schema_is_read(void)
{
    struct command command;

    CHECK(decode("8401190203190bb804", &command) == COMMAND_GOOD);
    CHECK(command.op == OP_PLAY && command.action.play.asset == 0x203 && command.action.play.duration_ms == 3000);
    CHECK(command.has_lease && command.lease == 4);
    CHECK(decode("86020243ff800118c81903e814", &command) == COMMAND_GOOD);
    CHECK(command.op == OP_LIGHT && command.action.light.pattern == 2 && command.action.light.rgb[1] == 0x80);
    CHECK(command.action.light.brightness == 200 && command.action.light.period_ms == 1000 && command.lease == 20);
    CHECK(decode("8503031907081901f418ff", &command) == COMMAND_GOOD);
    CHECK(command.action.servo.channel == 3 && command.action.servo.decidegrees == 1800);
    CHECK(command.action.servo.ramp_ms == 500 && command.lease == 255);
    CHECK(decode("8405011a0001000000", &command) == COMMAND_GOOD);
    CHECK(command.op == OP_RUN && command.number[0] == 1 && command.number[1] == 65536 && command.has_lease);
    CHECK(decode("8106", &command) == COMMAND_GOOD && command.op == OP_STOP && !command.has_lease);
    CHECK(decode("820708", &command) == COMMAND_GOOD && command.op == OP_RENEW && command.lease == 8);
    CHECK(decode("84081902001864" DIGEST, &command) == COMMAND_GOOD);
    CHECK(command.op == OP_ASSET && command.number[1] == 100 && command.bytes_len == 32 && command.bytes[31] == 31);
    CHECK(decode("84091902000041aa", &command) == COMMAND_GOOD);
    CHECK(command.op == OP_CHUNK && command.number[0] == 0x200 && command.number[1] == 0 && command.bytes[0] == 0xaa);
    CHECK(decode("820a190200", &command) == COMMAND_GOOD && command.op == OP_COMMIT && command.number[0] == 0x200);
    CHECK(decode("810b", &command) == COMMAND_GOOD && command.op == OP_QUERY);
    CHECK(decode("840c0105" DIGEST, &command) == COMMAND_GOOD);
    CHECK(command.op == OP_REKEY && command.number[0] == 1 && command.number[1] == 5);
    CHECK(decode("820d1907d0", &command) == COMMAND_GOOD && command.op == OP_IDENTIFY && command.number[0] == 2000);
    CHECK(decode("870e1901000118ff1901f41903e804", &command) == COMMAND_GOOD);
    CHECK(command.action.puppet.sprite == 0x100 && command.action.puppet.motion == 1);
    CHECK(command.action.puppet.amplitude == 255 && command.action.puppet.period_ms == 500);
    CHECK(command.action.puppet.duration_ms == 1000 && command.lease == 4);
}

static void every_kind_of_cue_is_read(void)
{
    struct command command;
    struct cue cue;

    CHECK(decode("87040100"
                 "84000119020000"
                 "86186402004301020318ff00"
                 "8519ffff0300190708" "00"
                 "87000e19010005186418c800", &command) == COMMAND_GOOD);
    CHECK(command.cue_count == 4 && command.number[0] == 1 && command.number[1] == 0 && !command.has_lease);
    CHECK(command_next_cue(&command.cues, &cue) && cue.dt_ms == 0 && cue.action.op == OP_PLAY);
    CHECK(command_next_cue(&command.cues, &cue) && cue.dt_ms == 100 && cue.action.light.rgb[2] == 3);
    CHECK(command_next_cue(&command.cues, &cue) && cue.dt_ms == 65535 && cue.action.servo.decidegrees == 1800);
    CHECK(command_next_cue(&command.cues, &cue) && cue.action.puppet.motion == 5 && cue.action.puppet.period_ms == 200);
}

static void cues_take_one_to_sixteen(void)
{
    char hex[512];
    struct command command;
    char *end;

    CHECK(malformed("83040000"));
    end = hex + sprintf(hex, "92040000");
    for (unsigned i = 0; i < 16; i++)
        end += sprintf(end, "840001190200" "00");
    hex[1] = '3';
    CHECK(decode(hex, &command) == COMMAND_GOOD && command.cue_count == 16);
    sprintf(end, "840001190200" "00");
    hex[1] = '4';
    CHECK(malformed(hex));
}

static void operations_that_are_no_outputs_are_no_cues(void)
{
    static const char *const bad[] = {
        "840400008300" "0708", /* renew */
        "84040000" "820006",   /* stop */
        "84040000" "8400050000",
        "84040000" "8500040000" "820006",
        "84040000" "82000b",
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK(malformed(bad[i]));
}

static void a_cue_has_no_lease(void)
{
    CHECK(malformed("84040000" "8500011902000004"));
    CHECK(malformed("84040000" "8300" "01190200"));
    CHECK(malformed("84040000" "00"));
}

static void too_few_or_too_many_arguments_are_malformed(void)
{
    static const char *const bad[] = {
        "8301190203190bb8", "8501190203190bb80400", "820600", "8107", "83070100", "820b00", "810a", "830a19020000",
        "810d", "830d0000", "8304", "8105", "83050000", "850501000000", "810e", "860e19010001" "18ff1901f41903e8",
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK(malformed(bad[i]));
}

static void arguments_out_of_the_schema_are_malformed(void)
{
    static const char *const bad[] = {
        "84011a000100000004",                       /* asset-id above u16 */
        "8401001a0001000004",                       /* dur-ms above u16 */
        "84010000190100",                           /* lease above u8 */
        "8503040000" "04",                          /* channel 4 */
        "8503001907090004",                         /* 1800.1 degrees */
        "860219010043ff800118c8001" "4",            /* pattern above u8 */
        "86020242ff8018c80014",                     /* two colours */
        "86020244ff80010018c80014",                 /* four colours */
        "86020263ff800118c80014",                   /* text for bytes */
        "8401200004",                               /* negative */
        "8401f60004",                               /* null */
        "8408190200186441aa",                       /* short digest */
        "8409190200" "0040",                        /* empty chunk */
        "84051b0000000100000000" "0000",            /* above u32 */
        "820719" "0100",
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK(malformed(bad[i]));
}

static void a_chunk_holds_up_to_220_bytes(void)
{
    char hex[512];
    struct command command;
    char *end = hex + sprintf(hex, "840919020000" "58dc");

    for (unsigned i = 0; i < 220; i++)
        end += sprintf(end, "55");
    CHECK(decode(hex, &command) == COMMAND_GOOD && command.bytes_len == 220);
    memcpy(hex + 12, "58dd", 4);
    sprintf(end, "55");
    CHECK(malformed(hex));
}

static void spellings_that_are_not_deterministic_are_malformed(void)
{
    static const char *const bad[] = {
        "8118" "06",     /* long operation */
        "9f06ff",        /* indefinite array */
        "9801" "06",     /* long array */
        "82071808" "00", /* trailing byte */
        "810600",        /* trailing byte */
        "82071804",      /* long lease */
        "a10106",        /* a map */
        "06",            /* no array */
        "80",            /* no operation */
        "8120",          /* negative operation */
        "814106",        /* operation as bytes */
        "c18106",        /* tagged */
        "",
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK(malformed(bad[i]));
}

static void an_unknown_operation_is_told_apart_from_nonsense(void)
{
    struct command command;

    CHECK(decode("8112", &command) == COMMAND_UNKNOWN);
    CHECK(decode("8100", &command) == COMMAND_UNKNOWN);
    CHECK(decode("84182000001903e8", &command) == COMMAND_UNKNOWN);        /* a device's own event */
    CHECK(decode("831901012041aa", &command) == COMMAND_UNKNOWN);         /* 257 is not 1 */
    CHECK(decode("821282f56161", &command) == COMMAND_UNKNOWN);
    CHECK(malformed("820f"));
    CHECK(malformed("810f00"));
    CHECK(malformed("820f1800"));
    CHECK(malformed("820fa0"));
    CHECK(malformed("820ff93c00"));
}

static void every_truncation_is_malformed(void)
{
    static const char whole[] = "87040100" "84000119020000" "86186402004301020318ff00" "8519ffff030019070800"
                                "87000e19010005186418c800";
    char hex[sizeof whole];

    for (size_t len = 0; len < sizeof whole - 1; len += 2) {
        memcpy(hex, whole, len);
        hex[len] = '\0';
        CHECK(malformed(hex));
    }
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(every_operation_of_the_schema_is_read),
        TEST(every_kind_of_cue_is_read),
        TEST(cues_take_one_to_sixteen),
        TEST(operations_that_are_no_outputs_are_no_cues),
        TEST(a_cue_has_no_lease),
        TEST(too_few_or_too_many_arguments_are_malformed),
        TEST(arguments_out_of_the_schema_are_malformed),
        TEST(a_chunk_holds_up_to_220_bytes),
        TEST(spellings_that_are_not_deterministic_are_malformed),
        TEST(an_unknown_operation_is_told_apart_from_nonsense),
        TEST(every_truncation_is_malformed),
    };

    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
