import { MONTH_NAMES, MONTHS_BY_NAME } from '../../lib/tables/month-names'

// Languages of the Unicode CLDR, whose names Node has. Its releases have had different short names.
const LANGUAGES = ['en', 'de', 'fr', 'es', 'it', 'pt', 'nl']

test.each(LANGUAGES)('the names that Node gives months in %s are known', (language) => {
  const named = (['long', 'short'] as const).flatMap((form) => {
    const format = new Intl.DateTimeFormat(language, { month: form, timeZone: 'UTC' })
    return MONTH_NAMES.map((_, index) => {
      const name = format
        .format(Date.UTC(2001, index, 15))
        .toLowerCase()
        .replace(/\.$/, '')
      return { name, number: index + 1 }
    })
  })
  const known = named.map(({ name }) => ({ name, number: MONTHS_BY_NAME.get(name) }))
  expect(known).toEqual(named)
})
