/* SPDX-License-Identifier: Apache-2.0
 *
 * X25519 against RFC 7748, sections 5.2 and 6.1. With the argument `filter` it multiplies what it is given:
 * a line of secret and point in hexadecimal digits in, one of the product out.
 */
#include "x25519.h"

#include "check.h"

static void unhex(const char *text, uint8_t out[32])
{
    for (unsigned i = 0; i < 32; i++) {
        unsigned byte;

        CHECK(sscanf(text + 2 * i, "%2x", &byte) == 1);
        out[i] = (uint8_t)byte;
    }
}

static bool multiply(const uint8_t secret[32], const uint8_t *point, uint8_t out[32])
{
    struct x25519 work;
    unsigned runs = 1;

    x25519_start(&work, secret, point);
    while (!x25519_run(&work))
        runs++;
    CHECK_EQUAL(runs, 43 + 9);
    return x25519_result(&work, out);
}

static void check(const char *secret_text, const char *point_text, const char *product_text)
{
    uint8_t secret[32], point[32], wanted[32], product[32];

    unhex(secret_text, secret);
    unhex(point_text, point);
    unhex(product_text, wanted);
    CHECK(multiply(secret, point, product));
    CHECK(memcmp(product, wanted, 32) == 0);
}

static void the_two_products_of_the_rfc(void)
{
    check("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
          "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
          "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
    check("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
          "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
          "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
}

static void the_exchange_of_the_rfc(void)
{
    uint8_t alice[32], bob[32], wanted[32], public[32];

    unhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a", alice);
    unhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb", bob);
    unhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a", wanted);
    CHECK(multiply(alice, NULL, public));
    CHECK(memcmp(public, wanted, 32) == 0);
    unhex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742", wanted);
    CHECK(multiply(bob, public, public));
    CHECK(memcmp(public, wanted, 32) == 0);
    unhex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f", wanted);
    CHECK(multiply(bob, NULL, public));
    CHECK(memcmp(public, wanted, 32) == 0);
}

static void a_thousand_iterations(void)
{
    uint8_t k[32] = {9}, u[32] = {9}, product[32], wanted[32];

    for (unsigned i = 1; i <= 1000; i++) {
        CHECK(multiply(k, u, product));
        memcpy(u, k, 32);
        memcpy(k, product, 32);
        if (i == 1) {
            unhex("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079", wanted);
            CHECK(memcmp(k, wanted, 32) == 0);
        }
    }
    unhex("684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51", wanted);
    CHECK(memcmp(k, wanted, 32) == 0);
}

/* The points of small order on the curve and its twist, as they may be written: 0, 1, p - 1, p, p + 1 and two of order 8,
 * with and without the last bit, which does not count. */
static void points_of_small_order_give_zero_and_are_told(void)
{
    static const char *const points[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    };
    static const uint8_t zero[32];
    uint8_t secret[32], point[32], product[32];

    unhex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4", secret);
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
        for (unsigned last = 0; last < 2; last++) {
            unhex(points[i], point);
            point[31] |= (uint8_t)(last << 7);
            CHECK(!multiply(secret, point, product));
            CHECK(memcmp(product, zero, 32) == 0);
        }
}

static int filter(void)
{
    char line[160];

    while (fgets(line, sizeof line, stdin) != NULL) {
        uint8_t secret[32], point[32], product[32];

        unhex(line, secret);
        unhex(line + 65, point);
        multiply(secret, point, product);
        for (unsigned i = 0; i < 32; i++)
            printf("%02x", product[i]);
        putchar('\n');
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct test tests[] = {
        TEST(the_two_products_of_the_rfc),
        TEST(the_exchange_of_the_rfc),
        TEST(a_thousand_iterations),
        TEST(points_of_small_order_give_zero_and_are_told),
    };

    if (argc > 1 && strcmp(argv[1], "filter") == 0)
        return filter();
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
