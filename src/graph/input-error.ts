// The one error a user's input can cause. Everything else that is thrown is a bug.

/** Longer messages come from names in damaged files. */
const LONGEST_MESSAGE = 1000

/**
 * Message: one line that says what is wrong, where, and what to do next. The command line ends with exit code 2. Control
 * characters (names in a model may hold any) become spaces, so that the line stays one and cannot steer a terminal.
 */
export class InputError extends Error {
  override readonly name = 'InputError'

  constructor(message: string, options?: ErrorOptions) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to take out
    super(message.slice(0, LONGEST_MESSAGE).replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' '), options)
  }
}

/** The first line of what was thrown: engines and packages put stacks and paths behind it. */
export const firstLineOf = (error: unknown): string => String(error instanceof Error ? error.message : error).split('\n')[0]!
