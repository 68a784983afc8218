/** The version of this tg: enters provenance and the log. */
export const VERSION = '0.1.0';
