/** Two clocks: this device's, which entries keep as it is, and the server's, by which things fall due.
 *  Their difference is measured with every answer; it is shown, and recorded by the server, never corrected in an entry. */

let offsetMs = 0;

/** Learns from an answer how far this device is ahead of the server, in seconds. */
export function learnOffset(seconds) {
  if (Number.isFinite(seconds)) offsetMs = seconds * 1000;
}

/** How far this device is ahead, in seconds. */
export const offsetS = () => offsetMs / 1000;

/** A moment of this device's clock on the server's. */
export const toServer = (moment) => moment - offsetMs;

/** Now, on the server's clock as far as it is known. */
export const serverNow = () => toServer(Date.now());

/** A moment of the server as a time of day in the clinic's zone. */
export function timeOfDay(moment, zone) {
  const shape = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(zone ? { timeZone: zone } : {}) };
  return new Intl.DateTimeFormat("en-GB", shape).format(new Date(moment));
}
