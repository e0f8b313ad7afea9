# Sources of the device core, relative to this folder.
# art.c is made from the drawings in art/ by art/compile.py; a test keeps it up to date.
set(CORE_SOURCES
    animation.c
    art.c
    assets.c
    button.c
    cbor.c
    command.c
    cuelight.c
    display.c
    execute.c
    keys.c
    light.c
    motion.c
    outputs.c
    safety.c
    servo.c
    session.c
    settings.c
    sha256.c
    timeline.c)
