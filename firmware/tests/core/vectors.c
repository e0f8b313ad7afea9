/* SPDX-License-Identifier: Apache-2.0
 *
 * link-vectors-device: the device's own session code behind a line protocol, for script/link-vectors.
 * One request line on stdin gives one answer line on stdout (flushed). Fields are separated by one space; byte strings
 * are lower-case hex, "-" when empty; numbers are decimal. An unknown or ill-formed request answers `error TEXT`.
 *
 *   open DEV_ID INST_ID SLOTS KID GEN PSK NONCE_D   -> hello HEX
 *        a device whose slot KID holds generation GEN of PSK has been subscribed to; forgets any session before
 *   auth HEX                                        -> ok K_H2D K_D2H PRK | refused CODE
 *   cmd HEX NOW_TICK                                -> ok COUNTER TICK PAYLOAD | unsupported COUNTER TICK PAYLOAD
 *                                                      | refused CODE
 *        NOW_TICK is the session clock in ticks when the frame arrives; it may go in any order. `ok`: the frame
 *        verifies and its payload is in the schema (whether or not this device has such a pattern or timeline);
 *        `unsupported`: it verifies, the operation is not in the schema; the session goes on
 *   evt COUNTER PAYLOAD                             -> frame HEX
 *   rekey SLOT GEN COUNTER WRAPPED                  -> psk HEX       the new key out of a rekey command's arguments
 *   ratchet KID GEN PSK                             -> psk HEX       the next generation of PSK
 *   state                                           -> state NAME LAST_COUNTER     safe | link | session
 *   mark                                            -> ok            remembers everything
 *   rewind                                          -> ok            goes back to the mark, any number of times
 *
 * CODE is the number in the ERR frame (firmware/link.cddl). As on the device, a refusal erases the session: the state
 * is then safe and auth, cmd, evt and rekey answer `refused 3` until the next open or rewind. Age of a command, lease
 * and time-outs belong to the layer above and are not looked at here.
 */
