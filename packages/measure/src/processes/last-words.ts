// What a process printed last before it ended: the reason, without the stack around it.

/** What Node prints of what nobody catches: the line, marks below it, the error, its stack and properties, the version. */
const UNCAUGHT = /^\s*\^+\n\n?(\S.*)\n(?:.*\n)*Node\.js v\d\S*\s*$/m
/** Frames of JavaScript and Python, Node's native frames ('13: 0x195e376 [node]'), and rules around both. */
const STACK_LINE = /^\s+(at |File )|^\s*\d+: (0x)?[0-9a-f]+ |^-{3,}|^<--- /i
const MOST_CHARACTERS = 200

/** One line; null: nothing but a stack, or nothing at all. */
export function lastWords(stderr: string): string | null {
  const text = stderr.replaceAll('\r\n', '\n')
  const last = UNCAUGHT.exec(text)?.[1] ?? text.split('\n').findLast((line) => line.trim() !== '' && !STACK_LINE.test(line))
  return last === undefined ? null : last.trim().slice(0, MOST_CHARACTERS)
}
