// A completion script for fish 3.0 and later: https://fishshell.com/docs/current/completions.html
import { type CompletedCommand, type CompletedFlag, commandsBelow, type Offer } from './completed.ts'

export function fishCompletion(commands: readonly CompletedCommand[]): string {
  const names = commands.filter(({ path }) => path.length > 0).map(({ path }) => quoted(path.join(' ')))
  return `# fish completion of whyslow, written by: whyslow completion fish
# Whether the words before the cursor name this command.
function __whyslow_at
    set -l words (commandline -opc)
    set -l named
    for last in 2 3
        set -q words[$last]; or break
        contains -- "$words[2..$last]" ${names.join(' ')}; and set named "$words[2..$last]"
    end
    test "$named" = "$argv"
end
# Nothing but the command's name was typed yet.
function __whyslow_begins
    __whyslow_at $argv; and test (count (commandline -opc)) -eq (math (count $argv) + 1)
end
complete -c whyslow -e
${commands.flatMap((one) => linesOf(one, commands)).join('\n')}
`
}

function linesOf({ path, flags, takes }: CompletedCommand, commands: readonly CompletedCommand[]): readonly string[] {
  const at = `-n ${quoted(['__whyslow_at', ...path].join(' '))}`
  const begins = `-n ${quoted(['__whyslow_begins', ...path].join(' '))}`
  const next = commandsBelow(path, commands)
  return [
    ...next.map((one) => `complete -c whyslow ${begins} -a ${one.path.at(-1)} -d ${quoted(one.about)}`),
    ...flags.map((flag) => `complete -c whyslow ${at} ${namesOf(flag)}${valueWords(flag)} -d ${quoted(flag.help)}`),
    ...(takes.kind === 'files' ? [] : [`complete -c whyslow ${at} ${argumentOf(takes)}`]),
  ]
}

const namesOf = ({ names }: CompletedFlag): string =>
  names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`)).join(' ')

function valueWords({ value }: CompletedFlag): string {
  if (value === null) return ''
  return value.kind === 'files' ? ' -r -F' : ` -r ${argumentOf(value)}`
}

function argumentOf(offer: Offer): string {
  if (offer.kind === 'folders') return "-f -a '(__fish_complete_directories)'"
  if (!('words' in offer)) return '-f'
  return `-f -a ${quoted(offer.kind === 'list' ? `(__fish_append , ${offer.words.join(' ')})` : offer.words.join(' '))}`
}

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
