// Addresses of databases, queues and stores as messages and documents name them: without passwords. What an address or a package's error says of
// a password is hidden, however it was written: before the @, in the query, encoded or not.

const HIDDEN = '…'
const SCHEME = /^\s*([a-z][a-z0-9+.-]*):\/\//i
const SECRET_FIELD = /passw|passphrase|pwd|secret|token|credential|signature/i
/** As in 'host=h password=secret', which libpq reads. */
const FIELDS = /\b(\w*(?:password|passwd|passphrase|pwd|secret))\s*=\s*(?!…)("[^"]*"|'[^']*'|[^\s&"']+)/gi
const IN_TEXT = /\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>`]*[^\s"'<>`.,;:!?)\]]/gi
/** 'user:password@host', without a scheme. */
const NO_SCHEME = /^[^\s/:@]+:(?![\\/])[^\s]*@/
/** Shorter secrets may be any word of a message: they are hidden in addresses and in quotes, in which servers repeat arguments. */
const LEAST_ANYWHERE = 4
/** A user's name with an encoded colon may hold the password, too. */
const PLAIN_USER = /^(?:[\w.~+-]|%40)+$/

/** Protocol, user, host, port and path. Of an address that cannot be parsed only the protocol; of anything else the text. */
export function addressName(address: string): string {
  const scheme = SCHEME.exec(address)?.[1]
  if (scheme === undefined) return NO_SCHEME.test(address) ? HIDDEN : withoutFields(address)
  const url = parsed(address)
  const [authority = '', ...rest] = address.replace(SCHEME, '').split(/(?=[/?#\\])/)
  // A password with a slash ends the authority early: what seems to be a host and a port is its beginning.
  const isCut = authority.includes(':') && rest.some((part) => part.includes('@'))
  if (url === null || isCut) return `${scheme}://${HIDDEN}`
  const user = url.username === '' ? '' : `${PLAIN_USER.test(url.username) ? url.username : HIDDEN}@`
  return `${scheme}://${user}${url.host}${url.pathname === '/' && !address.endsWith('/') ? '' : url.pathname}`
}

/** What is known to be secret: all that `addresses` hold of it, and `secrets` themselves. */
export interface Secrets {
  readonly addresses?: readonly string[]
  readonly secrets?: readonly string[]
}

/** A text of others, such as an error of a package, without what is secret. Addresses in it lose their passwords, known or not. */
export function withoutPasswords(text: string, { addresses = [], secrets = [] }: Secrets = {}): string {
  let said = text
  for (const address of addresses) if (address !== '') said = said.replaceAll(address, addressName(address))
  // The longest first: one may be a part of another.
  const all = [...new Set([...secrets, ...addresses.flatMap(secretsIn)])].sort((a, b) => b.length - a.length)
  // A password that is the user's name, too, is hidden in addresses alone: messages name the user.
  const names = new Set(addresses.flatMap(usersIn))
  for (const secret of all)
    said = names.has(secret) && !secrets.includes(secret) ? hiddenIn(said, [':@'], secret) : hidden(said, secret)
  return withoutFields(said.replace(IN_TEXT, (one) => (secretsIn(one).length > 0 ? addressName(one) : one)))
}

const withoutFields = (text: string): string => text.replace(FIELDS, `$1=${HIDDEN}`)

function hidden(text: string, secret: string): string {
  if (secret === '') return text
  if (secret.length >= LEAST_ANYWHERE) return text.replaceAll(secret, HIDDEN)
  return hiddenIn(text, [':@', `''`, '""', '``'], secret)
}

/** Hides the secret wherever it is between two characters. */
const hiddenIn = (text: string, pairs: readonly string[], secret: string): string =>
  pairs.reduce((said, [before, after]) => said.replaceAll(`${before}${secret}${after}`, `${before}${HIDDEN}${after}`), text)

/** The user's name, as it is written and decoded, if it is shown. */
function usersIn(address: string): string[] {
  const rest = address.replace(SCHEME, '')
  const [user = ''] = rest.slice(0, Math.max(0, rest.lastIndexOf('@'))).split(':')
  return PLAIN_USER.test(user) ? [user, decoded(user)] : []
}

/** As they are written, decoded, and as a parser writes them. */
function secretsIn(address: string): string[] {
  if (!SCHEME.test(address) && !NO_SCHEME.test(address)) return []
  const rest = address.replace(SCHEME, '')
  const user = rest.slice(0, Math.max(0, rest.lastIndexOf('@'))).replace(/%3a/i, ':')
  const password = user.includes(':') ? user.slice(user.indexOf(':') + 1) : ''
  // A parser that takes its first @ or slash for the end names the rest as a host.
  const parts = password.split(/[@/:?#]/).filter((part) => part.length >= LEAST_ANYWHERE)
  const fields = (rest.split('?').slice(1).join('?').split('#')[0] ?? '').split('&').flatMap((field) => {
    const [name = '', ...value] = field.split('=')
    return SECRET_FIELD.test(decoded(name)) ? [value.join('=')] : []
  })
  const written = [password, ...parts, ...fields, parsed(address)?.password ?? '']
  return [...new Set(written.flatMap((one) => [one, decoded(one), decoded(one.replaceAll('+', ' '))]))].filter(
    (one) => one !== '',
  )
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function parsed(address: string): URL | null {
  try {
    return new URL(address)
  } catch {
    return null
  }
}
