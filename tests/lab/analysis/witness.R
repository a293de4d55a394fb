# Fits the same tables with nlme, lmerTest, pbkrtest and survival. usage: Rscript witness.R TRIALS.csv TIMES.csv OUT.csv
# TRIALS: set, id, visit, arm, base, chg (seen rows only). TIMES: set, time, event, a, b. OUT: set, what, value.
suppressMessages({library(nlme); library(lmerTest); library(pbkrtest); library(survival)})
files <- commandArgs(trailingOnly = TRUE)
out <- data.frame()
tell <- function(set, what, value) out <<- rbind(out, data.frame(set = set, what = what, value = sprintf("%.15g", value)))

contrast <- function(names) as.numeric(names %in% c("arm1", "arm1:visit3", "visit3:arm1"))

repeated <- function(set, d) {
  d$visit <- factor(d$visit); d$arm <- factor(d$arm); d$id <- factor(d$id); d <- d[order(d$id, d$visit), ]
  each <- varIdent(form = ~ 1 | visit)
  order <- ~ as.integer(visit) | id
  kinds <- list(us = list(corSymm(form = order), each), cs = list(corCompSymm(form = order), NULL),
                csh = list(corCompSymm(form = order), each), ar1 = list(corAR1(form = order), NULL),
                ar1h = list(corAR1(form = order), each))
  tight <- glsControl(tolerance = 1e-10, msTol = 1e-12, maxIter = 500, msMaxIter = 500)
  crossed <- "chg ~ base*visit + arm*visit"
  for (text in c(crossed, "chg ~ base + arm*visit")) for (kind in if (text == crossed) names(kinds) else "us") {
    fit <- gls(as.formula(text), d, correlation = kinds[[kind]][[1]], weights = kinds[[kind]][[2]], control = tight)
    w <- contrast(names(coef(fit)))
    name <- paste(text, kind, sep = "|")
    tell(set, paste0(name, "|estimate"), sum(w * coef(fit)))
    tell(set, paste0(name, "|se"), sqrt(drop(w %*% vcov(fit) %*% w)))
    tell(set, paste0(name, "|minus2"), -2 * as.numeric(logLik(fit)))
  }
  mixed <- suppressWarnings(suppressMessages(lmerTest::lmer(chg ~ base*visit + arm*visit + (0 + visit | id), d,
    control = lmerControl(check.nobs.vs.nRE = "ignore", optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e5)))))
  w <- contrast(names(fixef(mixed)))
  one <- contest1D(mixed, w)
  tell(set, "lmerTest|estimate", one$Estimate); tell(set, "lmerTest|se", one$`Std. Error`); tell(set, "lmerTest|df", one$df)
  adjusted <- vcovAdj(mixed)
  tell(set, "pbkrtest|se", sqrt(as.numeric(w %*% as.matrix(adjusted) %*% w)))
  tell(set, "pbkrtest|df", pbkrtest::Lb_ddf(w, vcov(mixed), adjusted))
}

timed <- function(set, d) {
  fit <- coxph(Surv(time, event == 1) ~ a + b, d, control = coxph.control(eps = 1e-12))
  tell(set, "cox|a", coef(fit)[1]); tell(set, "cox|b", coef(fit)[2]); tell(set, "cox|loglik", fit$loglik[2])
  tell(set, "cox|se a", sqrt(vcov(fit)[1, 1])); tell(set, "cox|se b", sqrt(vcov(fit)[2, 2]))
  tell(set, "logrank", survdiff(Surv(time, event == 1) ~ a, d)$chisq)
  curve <- survfit(Surv(time, event == 1) ~ 1, d)
  at <- summary(curve, times = c(2, 5, 9), extend = TRUE)
  for (i in 1:3) { tell(set, paste0("km|", i), at$surv[i]); tell(set, paste0("low|", i), at$lower[i]) }
  area <- summary(curve, rmean = 9)$table
  tell(set, "rmst", area["rmean"]); tell(set, "rmst se", area["se(rmean)"])
  causes <- summary(survfit(Surv(time, factor(event, 0:2)) ~ 1, d), times = c(2, 5, 9), extend = TRUE)
  for (i in 1:3) tell(set, paste0("incidence|", i), causes$pstate[i, 2])
}

trials <- read.csv(files[1])
for (set in unique(trials$set)) repeated(set, trials[trials$set == set, -1])
times <- read.csv(files[2])
for (set in unique(times$set)) timed(set, times[times$set == set, -1])
write.csv(out, files[3], row.names = FALSE)
