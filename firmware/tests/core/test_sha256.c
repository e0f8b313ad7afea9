/* SPDX-License-Identifier: Apache-2.0
 *
 * The expected digests were made with Python's hashlib and hmac.
 */
#include "sha256.h"

#include "check.h"

static void fill(uint8_t *out, size_t len, unsigned step, unsigned start)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(i * step + start);
}

static void check_hex(const uint8_t *data, size_t len, const char *hex)
{
    char text[80] = "";

    for (size_t i = 0; i < len; i++)
        snprintf(text + 2 * i, 3, "%02x", data[i]);
    CHECK(strcmp(text, hex) == 0);
}

/* SHA-256 over the digests of the messages bytes((7 i + n) & 255 for i < n), n from 0 to 300. */
static void every_length_to_300_hashes_like_hashlib(void)
{
    struct sha256 all, one;
    uint8_t message[300], digest[32];

    sha256_init(&all);
    for (unsigned len = 0; len <= 300; len++) {
        fill(message, len, 7, len);
        sha256_init(&one);
        sha256_update(&one, message, len);
        sha256_final(&one, digest);
        sha256_update(&all, digest, 32);
    }
    sha256_final(&all, digest);
    check_hex(digest, 32, "60d63ff40b5558727a9b786ac0be9300f7ca58fd9ddd3b2f3681b369018a87dc");
}

static void a_message_in_pieces_hashes_like_the_whole(void)
{
    uint8_t message[300], whole[32], pieces[32];
    struct sha256 hash;

    fill(message, sizeof message, 3, 1);
    sha256_init(&hash);
    sha256_update(&hash, message, sizeof message);
    sha256_final(&hash, whole);
    for (size_t piece = 1; piece <= 130; piece++) {
        sha256_init(&hash);
        for (size_t at = 0; at < sizeof message; at += piece)
            sha256_update(&hash, message + at, sizeof message - at < piece ? sizeof message - at : piece);
        sha256_final(&hash, pieces);
        CHECK(memcmp(whole, pieces, 32) == 0);
    }
}

/* The same sweep with a key as long as the message. */
static void hmac_agrees_for_every_length_of_key_and_message(void)
{
    uint8_t key[300], message[300], digest[32];
    struct sha256 all;
    struct hmac_key ready;
    struct hmac hmac;

    sha256_init(&all);
    for (unsigned len = 0; len <= 300; len++) {
        fill(key, len, 5, 1);
        fill(message, len, 7, len);
        hmac_key_init(&ready, key, len);
        hmac_init(&hmac, &ready);
        hmac_update(&hmac, message, len);
        hmac_final(&hmac, digest);
        sha256_update(&all, digest, 32);
    }
    sha256_final(&all, digest);
    check_hex(digest, 32, "aeae053be189a7f437bc128690a006731a9cd1926baf3af52c571317a52b009a");
}

/* RFC 5869, test case 1: the PRK, and the first block of its OKM. */
static void hkdf_agrees_with_rfc_5869(void)
{
    uint8_t ikm[22], salt[13], prk[32], okm[32];
    struct hmac_key ready;
    const char info[] = "\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9";

    memset(ikm, 0x0b, sizeof ikm);
    fill(salt, sizeof salt, 1, 0);
    hkdf_extract(salt, sizeof salt, ikm, sizeof ikm, prk);
    check_hex(prk, 32, "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
    hmac_key_init(&ready, prk, 32);
    hkdf_expand(&ready, info, NULL, 0, okm);
    check_hex(okm, 32, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
}

static void equality_sees_every_bit(void)
{
    uint8_t a[8] = {0}, b[8] = {0};

    CHECK(equal_constant_time(a, b, 8));
    for (unsigned bit = 0; bit < 64; bit++) {
        b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(!equal_constant_time(a, b, 8));
        b[bit / 8] = 0;
    }
}

static void a_finished_hash_leaves_nothing_behind(void)
{
    static const struct sha256 zero;
    struct sha256 hash;
    uint8_t digest[32];

    sha256_init(&hash);
    sha256_update(&hash, "secret", 6);
    sha256_final(&hash, digest);
    CHECK(memcmp(&hash, &zero, sizeof zero) == 0);
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(every_length_to_300_hashes_like_hashlib),
        TEST(a_message_in_pieces_hashes_like_the_whole),
        TEST(hmac_agrees_for_every_length_of_key_and_message),
        TEST(hkdf_agrees_with_rfc_5869),
        TEST(equality_sees_every_bit),
        TEST(a_finished_hash_leaves_nothing_behind),
    };

    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
