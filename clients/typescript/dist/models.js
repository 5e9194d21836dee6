/**
 * What is sent and answered, as it is on the wire.
 *
 * Written by `make docs` from docs/openapi.json; edit the rooms' schemas instead.
 */
export {};
