/** How the room is told: light and vibration first; sound in the room only for what threatens life, never by itself muted. */

let audio;

/** Lets sound play; browsers ask for one touch first. */
export function allowSound() {
  audio ??= new AudioContext();
  return audio.resume();
}

/** Whether this page may make a sound now. */
export const soundAllowed = () => audio?.state === "running";

/** Shakes the device where it can. */
export function shake(pattern = [200, 100, 200]) {
  if (navigator.userActivation?.hasBeenActive !== false) navigator.vibrate?.(pattern); // before that a browser refuses
}

/** One tone of half a second. */
export function tone(hertz = 740) {
  if (!soundAllowed()) return;
  const source = audio.createOscillator(), volume = audio.createGain();
  source.frequency.value = hertz;
  volume.gain.setValueAtTime(0.25, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.5);
  source.connect(volume).connect(audio.destination);
  source.start();
  source.stop(audio.currentTime + 0.5);
}

/** Gives the signal of a level: now shakes and, for life, sounds; late shakes once. */
export function signal(level, life) {
  if (level === "now") shake([300, 100, 300, 100, 300]);
  else if (level === "late") shake();
  if (life) tone();
}
