/**
 * What the decoder reads of each step ahead: the calendar, inputs that are known for the future, and values of the past
 * that are near: a season before, and the last ones.
 *
 * @module
 */
import { timeAfter } from '../tables/calendar'
import { CALENDAR, CALENDAR_WIDTH, writeCalendar } from './calendar-features'
import { calendarRows } from './calendar-rows'
import type { ForecastFacts, InputFacts } from './facts'
import { type FeatureGroup, groupsOf } from './feature-groups'
import type { PreparedSeries, PreparedTarget } from './prepared-series'
import { squash } from './squash'
import { anchorAt } from './tracks'

/** The features of each column in a step that the decoder reads. */
export function futureGroups({
  calendar,
  seasons,
  targets,
  inputs,
}: ForecastFacts): FeatureGroup[] {
  return groupsOf([
    { column: CALENDAR, width: 1 + CALENDAR_WIDTH * calendar.length },
    ...inputs
      .filter(({ future }) => future)
      .map((input) => ({ column: input.name, width: widthOf(input) })),
    ...targets.map(({ name }) => ({ column: name, width: 2 + seasons.length })),
  ])
}

/** Values of a step that the decoder reads. */
export function futureWidth(facts: ForecastFacts): number {
  return futureGroups(facts).reduce((sum, { width }) => sum + width, 0)
}

function widthOf(input: InputFacts): number {
  if (input.kind === 'category') return input.categories.length
  return input.missing ? 2 : 1
}

/** The decoder's input for an origin: [horizon, width]. */
export function futureInput(
  prepared: PreparedSeries,
  origin: number,
  facts: ForecastFacts,
  width: number,
): Float32Array {
  const { horizon, inputs } = facts
  const features = new Float32Array(horizon * width)
  writeCalendars(prepared, origin, facts, features, width)
  const known = inputs.filter(({ future }) => future)
  for (let i = 0; i < horizon; i++) {
    features[i * width] = (i + 1) / horizon
    let offset = i * width + 1 + CALENDAR_WIDTH * facts.calendar.length
    for (const input of known) {
      offset = writeKnown(input, prepared, origin + i + 1, features, offset)
    }
    for (const target of prepared.targets) {
      offset = writeNear(target, facts, origin, i + 1, features, offset)
    }
  }
  return features
}

/** After the share of the horizon, each step begins with its calendar. */
function writeCalendars(
  { series }: PreparedSeries,
  origin: number,
  facts: ForecastFacts,
  features: Float32Array,
  width: number,
): void {
  const { horizon, time, calendar } = facts
  const own = CALENDAR_WIDTH * calendar.length
  if (time.frequency.kind === 'irregular') {
    // The times of irregular rows to come are not known.
    for (let i = 0; i < horizon; i++) {
      const moment = timeAfter(series.times[origin]!, time, i + 1)
      writeCalendar(calendar, moment, time, features, i * width + 1)
    }
    return
  }
  const rows = calendarRows(series, Math.max(series.rows, origin + 1 + horizon), facts)
  for (let i = 0; i < horizon; i++) {
    const row = origin + 1 + i
    features.set(rows.subarray(row * own, (row + 1) * own), i * width + 1)
  }
}

function writeKnown(
  input: InputFacts,
  { series }: PreparedSeries,
  row: number,
  features: Float32Array,
  offset: number,
): number {
  if (input.kind === 'category') {
    const value = series.categories.get(input.name)![row]
    const place = value === undefined ? -1 : input.categories.indexOf(value)
    if (place >= 0) features[offset + place] = 1
    return offset + input.categories.length
  }
  const value = series.numbers.get(input.name)![row] ?? NaN
  const isMissing = Number.isNaN(value)
  features[offset] = isMissing ? 0 : squash((value - input.mean) / input.deviation)
  if (input.missing) features[offset + 1] = isMissing ? 1 : 0
  return offset + widthOf(input)
}

/** The last value, the mean of the last season or window, and the values of each season before, all as distances. */
function writeNear(
  { track, scale, facts: { difference } }: PreparedTarget,
  { seasons, window }: ForecastFacts,
  origin: number,
  step: number,
  features: Float32Array,
  offset: number,
): number {
  const season = seasons[0]?.steps
  const anchor = anchorAt(track, origin, step, difference, season)
  const center = scale.centers[step - 1] ?? scale.centers.at(-1)!
  const distanceOf = (value: number): number => {
    const distance = squash((value - anchor - center) / scale.deviation)
    return Number.isNaN(distance) ? 0 : distance
  }
  const begin = Math.max(track.first, origin + 1 - (season ?? window))
  // Before the first value there is no mean.
  const mean =
    begin > origin ? NaN : (track.sums[origin + 1]! - track.sums[begin]!) / (origin + 1 - begin)
  features[offset++] = distanceOf(track.carried[origin]!)
  features[offset++] = distanceOf(mean)
  for (const { steps } of seasons) {
    features[offset++] = distanceOf(anchorAt(track, origin, step, 'seasonal', steps))
  }
  return offset
}
