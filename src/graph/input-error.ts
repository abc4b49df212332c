// The one error a user's input can cause. Everything else that is thrown is a bug.

/** Message: one line that says what is wrong, where, and what to do next. The command line ends with exit code 2. */
export class InputError extends Error {
  override readonly name = 'InputError'
}
