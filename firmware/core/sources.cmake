# The device core: CORE_SOURCES and CORE_INCLUDE.
# art.c is made from the drawings in art/ by art/compile.py; a test keeps it up to date.
set(CORE_INCLUDE ${CMAKE_CURRENT_LIST_DIR})
set(CORE_SOURCES
    animation.c art.c assets.c button.c cbor.c command.c cuelight.c display.c execute.c factory.c keys.c light.c link.c
    motion.c notice.c outputs.c pairing.c press.c safety.c servo.c session.c settings.c sha256.c timeline.c x25519.c)
list(TRANSFORM CORE_SOURCES PREPEND ${CORE_INCLUDE}/)
