// A completion script for zsh: https://zsh.sourceforge.io/Doc/Release/Completion-System.html. It is a file `_whyslow` in $fpath, or sourced.
import { type CompletedCommand, type CompletedFlag, commandsBelow, type Offer, shellWord } from './completed.ts'

export function zshCompletion(commands: readonly CompletedCommand[]): string {
  return `#compdef whyslow
# zsh completion of whyslow, written by: whyslow completion zsh
${commands.map((one) => functionOf(one, commands)).join('\n')}
if [ "$funcstack[1]" = _whyslow ]; then _whyslow "$@"; else compdef _whyslow whyslow; fi
`
}

const nameOf = (path: readonly string[]): string => ['_whyslow', ...path].join('_').replaceAll('-', '_')

/** A command that the next word names takes over. */
function functionOf({ path, flags, takes }: CompletedCommand, commands: readonly CompletedCommand[]): string {
  const next = commandsBelow(path, commands)
  const described = next.map((one) => `    ${shellWord(`${one.path.at(-1)}:${one.about.replaceAll(':', '\\:')}`)}`)
  const cases = next.map((one) => `      ${one.path.at(-1)}) shift words; (( CURRENT-- )); ${nameOf(one.path)}; return ;;`)
  const choosing = `  local -a commands
  commands=(
${described.join('\n')}
  )
  if (( CURRENT > 2 )); then
    case $words[2] in
${cases.join('\n')}
    esac
  elif [[ $words[2] != -* ]]; then
    _describe command commands
  fi
`
  const specs = [...flags.flatMap(specsOf), shellWord(`*:file:${actionOf(takes)}`)]
  return `${nameOf(path)}() {
${next.length > 0 ? choosing : ''}  _arguments -s -S \\
${specs.map((spec) => `    ${spec}`).join(' \\\n')}
}`
}

/** One for each name: a flag may be typed several times. */
function specsOf({ names, help, value, optional }: CompletedFlag): readonly string[] {
  const about = `[${help.replace(/[\\[\]:]/g, '\\$&')}]`
  const takes = value === null ? '' : `${optional ? '::' : ':'}value:${actionOf(value)}`
  return names.map((name) => shellWord(`*${name}${name.startsWith('--') && value !== null ? '=' : ''}${about}${takes}`))
}

function actionOf(offer: Offer): string {
  if (!('words' in offer)) return { files: '_files', folders: '_files -/', other: ' ' }[offer.kind]
  return offer.kind === 'list' ? `_values -s , value ${offer.words.join(' ')}` : `(${offer.words.join(' ')})`
}
