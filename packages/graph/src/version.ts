// What a version looks like. It comes from a package's own files and is written into others (dependencies, comments, documents), so
// anything else is not passed on.

/** A digit first, then letters, digits and `._+-`: '1.30.0', '2.0.0rc1', '1.2.3-dev.4+build'. */
export const isVersion = (text: unknown): text is string => typeof text === 'string' && /^\d[\w.+-]{0,99}$/.test(text)
