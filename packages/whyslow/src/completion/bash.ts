// A completion script for bash 3.2 and later: https://www.gnu.org/software/bash/manual/html_node/Programmable-Completion.html
import { type CompletedCommand, commandsBelow, type Offer, shellWord } from './completed.ts'

const HEAD = `# bash completion of whyslow, written by: whyslow completion bash
_whyslow_words() { COMPREPLY=($(compgen -W "$1" -- "$current")); }
_whyslow_list() {
  local before=
  case $current in *,*) before=\${current%,*}, ;; esac
  COMPREPLY=($(compgen -P "$before" -W "$1" -- "\${current##*,}"))
  compopt -o nospace 2>/dev/null
}
_whyslow_paths() {
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY+=($(compgen "$1" -- "$current"))
}
_whyslow_files() { _whyslow_paths -f; }
_whyslow_folders() { _whyslow_paths -d; }
_whyslow_other() { compopt +o default 2>/dev/null; }
_whyslow_start() {
  _whyslow_words "$1"
  _whyslow_files
}
_whyslow_rest() {
  case $current in
    -*) _whyslow_words "$1" ;;
    *) shift && "$@" ;;
  esac
}
_whyslow() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command=
  COMPREPLY=()
  # bash takes --flag=value for three words.
  if [ "$current" = = ]; then
    current=
  elif [ "$previous" = = ]; then
    previous=\${COMP_WORDS[COMP_CWORD-2]}
  fi`

export function bashCompletion(commands: readonly CompletedCommand[]): string {
  const lines = [
    HEAD,
    ...[1, 2].map((depth) => commandAt(depth, commands)),
    '  case $command in',
    ...commands.map((one) => caseOf(one, commands)),
    '  esac',
    '}',
    'complete -o default -F _whyslow whyslow',
  ]
  return `${lines.filter((line) => line !== '').join('\n')}\n`
}

/** Which command the words before the current one name. */
function commandAt(depth: number, commands: readonly CompletedCommand[]): string {
  const names = commands.filter(({ path }) => path.length === depth).map(({ path }) => shellWord(path.join(' ')))
  if (names.length === 0) return ''
  const word = depth === 1 ? '$' + '{COMP_WORDS[1]}' : '$command $' + '{COMP_WORDS[2]}'
  return `  if [ "$COMP_CWORD" -gt ${depth} ]; then
    case "${word}" in ${names.join('|')}) command="${word}" ;; esac
  fi`
}

function caseOf({ path, flags, takes }: CompletedCommand, commands: readonly CompletedCommand[]): string {
  const valued = flags.flatMap(({ names, value, optional }) => {
    if (value === null) return []
    const offer = optional ? `case $current in -*) ;; *) ${call(value)}; return ;; esac` : `${call(value)}; return`
    return [`        ${names.join('|')}) ${offer} ;;`]
  })
  const next = commandsBelow(path, commands)
  const words = shellWord(next.map((one) => one.path.at(-1)).join(' '))
  const names = shellWord(flags.flatMap((one) => one.names).join(' '))
  return `    ${shellWord(path.join(' '))})
      case $previous in
${valued.join('\n')}
      esac
      _whyslow_rest ${names} ${next.length > 0 ? `_whyslow_start ${words}` : call(takes)} ;;`
}

const call = (offer: Offer): string => `_whyslow_${offer.kind}${'words' in offer ? ` ${shellWord(offer.words.join(' '))}` : ''}`
