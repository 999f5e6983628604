/** What the task says, in each language. */
export interface Words {
  title: string;
  wait: string;
  respond: string;
  early: string;
  begin_practice: string;
  practice_over: string;
  no_more_feedback: string;
  begin_test: string;
  pause: string;
  paused: string;
  paused_why: string;
  resume: string;
  not_now: string;
  leave: string;
  welcome_back: string;
  kept: (done: number, of: number) => string;
  field: string;
  practice: (place: number, of: number) => string;
  test: (place: number, of: number) => string;
  faster: (ms: number) => string;
  too_early: string;
  too_late: string;
}

const en: Words = {
  title: "Reaction time",
  wait: "Watch the cross. After a short while a filled circle takes its place.",
  respond: "As soon as you see the circle, tap the screen or press the space bar, as fast as you can.",
  early: "Do not answer before you see it. Hold the phone as you usually do and stay with it until the end.",
  begin_practice: "Start practice",
  practice_over: "Practice is over",
  no_more_feedback: "Now come 20 rounds that count. It takes about a minute, and your time is no longer shown.",
  begin_test: "Start",
  pause: "Pause",
  paused: "Paused",
  paused_why: "Nothing is lost. The round you were in is done again.",
  resume: "Continue",
  not_now: "Not now",
  leave: "Go on later",
  welcome_back: "Welcome back",
  kept: (done, of) => `You were interrupted. ${done} of ${of} rounds are kept; the next one follows.`,
  field: "Tap here or press the space bar when the circle appears",
  practice: (place, of) => `Practice ${place} of ${of}`,
  test: (place, of) => `Round ${place} of ${of}`,
  faster: (ms) => `${ms} ms`,
  too_early: "Too early – wait for the circle",
  too_late: "No answer – tap as soon as you see the circle",
};

const fr: Words = {
  title: "Temps de réaction",
  wait: "Regardez la croix. Après un court instant, un cercle plein prend sa place.",
  respond: "Dès que vous voyez le cercle, touchez l’écran ou appuyez sur la barre d’espace, le plus vite possible.",
  early: "Ne répondez pas avant de le voir. Tenez le téléphone comme d’habitude et restez attentif jusqu’à la fin.",
  begin_practice: "Commencer l’entraînement",
  practice_over: "L’entraînement est terminé",
  no_more_feedback: "Voici 20 essais qui comptent. Cela dure environ une minute et votre temps n’est plus affiché.",
  begin_test: "Commencer",
  pause: "Pause",
  paused: "En pause",
  paused_why: "Rien n’est perdu. L’essai en cours sera refait.",
  resume: "Continuer",
  not_now: "Pas maintenant",
  leave: "Continuer plus tard",
  welcome_back: "Bon retour",
  kept: (done, of) => `Vous avez été interrompu. ${done} essais sur ${of} sont conservés ; voici la suite.`,
  field: "Touchez ici ou appuyez sur la barre d’espace quand le cercle apparaît",
  practice: (place, of) => `Entraînement ${place} sur ${of}`,
  test: (place, of) => `Essai ${place} sur ${of}`,
  faster: (ms) => `${ms} ms`,
  too_early: "Trop tôt – attendez le cercle",
  too_late: "Pas de réponse – touchez dès que vous voyez le cercle",
};

export const WORDS = { en, fr };

export function wordsOf(language: string): Words {
  return language.startsWith("fr") ? fr : en;
}
