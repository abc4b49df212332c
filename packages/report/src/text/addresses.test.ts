import { describe, expect, test } from 'vitest'
import { addressName, withoutPasswords } from './addresses.ts'

describe('an address is named without its password', () => {
  test.each([
    ['postgres://user:se%3Acret@host:5432/db', 'postgres://user@host:5432/db'],
    ['postgres://user@host/db', 'postgres://user@host/db'],
    ['postgres://host/db?user=u&password=secret', 'postgres://host/db'],
    ['postgres://u@host/db?sslpassword=secret&sslmode=require', 'postgres://u@host/db'],
    ['postgres://u:p@ss@host/db', 'postgres://u@host/db'],
    ['postgres://u:a/b@h/db', 'postgres://…'],
    ['postgres://u:12/b@h/db', 'postgres://…'],
    ['postgres://u:12?b@h/db', 'postgres://…'],
    ['postgres://u:12#b@h/db', 'postgres://…'],
    ['postgres://u%3Asecret@host/db', 'postgres://…@host/db'],
    ['postgres://u%40server:secret@host/db', 'postgres://u%40server@host/db'],
    ['POSTGRES://u:secret@host/db', 'POSTGRES://u@host/db'],
    ['redis://:secret@host:6379', 'redis://host:6379'],
    ['rediss://user:secret@[::1]:6379/2', 'rediss://user@[::1]:6379/2'],
    ['s3://id:secret@bucket/prefix', 's3://id@bucket/prefix'],
    ['https://id:secret@host/path?X-Amz-Signature=secret', 'https://id@host/path'],
    ['mysql://u:%zz@host/db', 'mysql://u@host/db'],
    ['u:secret@host/db', '…'],
    ['host=h user=u password=secret', 'host=h user=u password=…'],
    ["host=h password='my secret' user=u", 'host=h password=… user=u'],
  ])('%s', (address, name) => {
    expect(addressName(address)).toBe(name)
    expect(withoutPasswords(`--store ${address}: no`, { addresses: [address] })).toBe(`--store ${name}: no`)
    if (address.includes('://')) expect(withoutPasswords(`--store ${address}: no`)).toBe(`--store ${name}: no`)
  })

  test.each(['kept.sqlite', 'sqlite:/a@b/kept.db', 's3://bucket/models@2', 'C:\\me@work\\kept.db', '/models', 's3://bucket/'])(
    '%s has none',
    (address) => {
      expect([addressName(address), withoutPasswords(address, { addresses: [address] })]).toEqual([address, address])
    },
  )
})

describe("a package's error", () => {
  const of = (address: string) => ({ addresses: [address] })
  test.each([
    ['Invalid URL postgres://u:a/b@h/db', 'postgres://u:a/b@h/db', 'Invalid URL postgres://…'],
    ['getaddrinfo ENOTFOUND ss12@host', 'postgres://u:p@ss12@host/db', 'getaddrinfo ENOTFOUND …@host'],
    ["unknown command 'AUTH', with args beginning with: 'u' 'se:cret'", 'redis://u:se%3Acret@h', /beginning with: 'u' '…'$/],
    ['WRONGPASS se%3Acret', 'redis://u:se%3Acret@h', 'WRONGPASS …'],
    ['no such key pass phrase', 'postgres://h/d?sslpassword=pass+phrase', 'no such key …'],
    ['"pw" is not "pwd"', 'redis://u:pw@h', '"…" is not "pwd"'],
    ['a.b is not axb', 'redis://u:a.b@h', 'a.b is not axb'],
    ["the host is not 'is', at u:is@h", 'redis://u:is@h', "the host is not '…', at u:…@h"],
    ['role "user" of user:user@h is unknown', 'postgres://user:user@h/db', 'role "user" of user:…@h is unknown'],
    ['postgres://user:user@h:1/x: no user', 'postgres://user:user@h/db', 'postgres://user@h:1/x: no user'],
    ['ann@h is unknown, ann%40h', 'postgres://ann%40h:ann%40h@h/db', 'ann@h is unknown, ann%40h'],
    ['secret is unknown', 'postgres://u%3Asecret@h/db', '… is unknown'],
  ])('%s', (text, address, said) => {
    const without = withoutPasswords(text, of(address))
    expect(without).toMatch(said instanceof RegExp ? said : new RegExp(`^${said.replace(/[.*+?()]/g, '\\$&')}$`))
    expect(withoutPasswords(without, of(address))).toBe(without)
  })

  test('hides what is said to be secret, and addresses that nobody named', () => {
    const text = 'key 0123456789 at redis://u:other@h:1, see https://example.org/page?a=b'
    expect(withoutPasswords(text, { secrets: ['0123456789', ''] })).toBe(
      'key … at redis://u@h:1, see https://example.org/page?a=b',
    )
  })
})
