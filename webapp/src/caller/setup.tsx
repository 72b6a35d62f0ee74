/**
 * Set-up, one step on the screen at a time. It begins where it was left; all steps but language and
 * state can be skipped, and the press is one tap away throughout.
 */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n";
import { useFocus } from "../ui/hooks";
import { say } from "../ui/say";
import type { PrepareProps } from "./prepare";
import {
  STEPS,
  isSkippable,
  keepProgress,
  keptProgress,
  leave,
  nextStep,
  stepBefore,
  type Progress,
  type Step,
} from "./setup-progress";
import { SCREENS } from "./setup-steps";

interface SetupProps extends PrepareProps {
  only: Step | null;
}

export interface StepProps extends PrepareProps {
  /** lets the way on be taken, or not yet */
  allow(ok: boolean): void;
  /** what the step says is done: its way on becomes the main one */
  settled(done: boolean): void;
}

export function Setup(props: SetupProps): JSX.Element {
  const { only, go } = props;
  const [progress, advance] = useState<Progress>(keptProgress);
  const [at, turn] = useState<Step>(() => only ?? nextStep(progress, STEPS) ?? "language");
  const before = only === null ? stepBefore(at, STEPS) : null;
  const onward = (): void => {
    const now = leave(progress, at);
    keepProgress(now);
    advance(now);
    if (only !== null) return go("ready");
    const next = STEPS[STEPS.indexOf(at) + 1];
    if (next === undefined) return go("ready");
    turn(next);
  };
  return (
    <StepFrame key={at} {...props} step={at} onward={onward} back={before === null ? null : () => turn(before)} />
  );
}

interface FrameProps extends SetupProps {
  step: Step;
  onward(): void;
  back: (() => void) | null;
}

function StepFrame({ step, onward, back, ...props }: FrameProps): JSX.Element {
  const heading = useFocus<HTMLHeadingElement>();
  const [allowed, allow] = useState(isSkippable(step));
  const [done, settled] = useState(!isSkippable(step));
  const Body = SCREENS[step];
  const place = t("setup.step", { number: STEPS.indexOf(step) + 1, count: STEPS.length });
  useEffect(() => say(place), []);
  return (
    <section class="step" data-step={step}>
      {props.only === null && <p class="small soft">{place}</p>}
      <h1 ref={heading} tabIndex={-1}>
        {t(`setup.${step}`)}
      </h1>
      <Body {...props} allow={allow} settled={settled} />
      <div class="ways">
        <button type="button" class={done ? "button main" : "button"} disabled={!allowed} onClick={onward}>
          {t(done ? "setup.next" : "setup.skip")}
        </button>
        {back !== null && (
          <button type="button" class="button plain" onClick={back}>
            {t("setup.previous")}
          </button>
        )}
      </div>
    </section>
  );
}
