// The one error a user's input can cause. Everything else that is thrown is a bug.

/** Longer messages come from names in damaged files. */
const LONGEST_MESSAGE = 1000

/**
 * Message: one line that says what is wrong, where, and what to do next. The command line ends with exit code 2. Control
 * characters (names in a model may hold any) become spaces, so that the line stays one and cannot steer a terminal.
 */
export class InputError extends Error {
  override readonly name = 'InputError'

  /** The message without what to do about it, if that was given apart. */
  readonly problem: string

  /** What programs call it, if there is a name that they know; null: there is none. */
  readonly code: string | null

  /** `advice`: what to do next; it follows the message. */
  constructor(
    message: string,
    { advice, code = null, ...options }: ErrorOptions & { readonly advice?: string; readonly code?: string | null } = {},
  ) {
    const oneLine = (text: string): string =>
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to take out
      text.slice(0, LONGEST_MESSAGE).replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
    super(oneLine(advice === undefined ? message : `${message}; ${advice}`), options)
    this.problem = oneLine(message)
    this.code = code
  }
}

/** Also one of another bundle, which has a class of its own. */
export const isInputError = (error: unknown): error is InputError => error instanceof Error && error.name === 'InputError'

/** The first line of what was thrown: engines and packages put stacks and paths behind it. */
export const firstLineOf = (error: unknown): string => String(error instanceof Error ? error.message : error).split('\n')[0]!
