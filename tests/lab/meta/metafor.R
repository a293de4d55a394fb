# Runs metafor and clubSandwich over data sets. usage: Rscript metafor.R SETS.csv SIZES.csv OUT.csv
# SETS: set,y,v,x,study. SIZES: n1,m1,s1,n2,m2,s2,x1,x2,r. OUT: set,what,value with all digits.
suppressMessages({library(metafor); library(clubSandwich)})
arguments <- commandArgs(trailingOnly = TRUE)
sets <- read.csv(arguments[1]); sizes <- read.csv(arguments[2])
out <- file(arguments[3], "w")
cat("set,what,value\n", file = out)
say <- function(set, what, values) {
  for (n in seq_along(values)) cat(sprintf("%s,%s.%d,%.17g\n", set, what, n, values[n]), file = out)
}
tight <- list(threshold = 1e-12, maxiter = 5000, tol = 1e-12)
tight_pm <- list(tol = 1e-12, maxiter = 5000)

one <- function(set, d) {
  for (method in c("FE", "DL", "PM", "REML")) for (test in c("z", "knha")) {
    control <- if (method == "PM") tight_pm else tight
    m <- rma(y, v, data = d, method = method, test = test, control = control)
    say(set, paste0(method, "/", test), c(m$b, m$se, m$ci.lb, m$ci.ub, m$pval, m$tau2, m$QE, m$QEp, m$I2, m$H2))
    say(set, paste0("weights/", method, "/", test), weights(m))
    if (method != "FE") { p <- predict(m); say(set, paste0("prediction/", method, "/", test), c(p$pi.lb, p$pi.ub)) }
    g <- rma(y, v, mods = ~ x, data = d, method = method, test = test, control = control)
    say(set, paste0("regression/", method, "/", test), c(g$b, g$se, g$pval, g$tau2, g$QM, g$QMp, g$QE))
  }
  m <- rma(y, v, data = d, method = "REML", control = tight)
  say(set, "qprofile", confint(m, control = list(tau2.max = 1e5, tol = 1e-13))$random[1, 2:3])
  say(set, "loglik", as.numeric(logLik(m)))
  e <- regtest(m); say(set, "egger", c(e$zval, e$pval, e$est))
  e <- regtest(m, model = "lm"); say(set, "egger_lm", c(e$zval, e$pval))
  f <- trimfill(m); say(set, "fill", c(f$k0, f$b))
  l <- leave1out(m); say(set, "leave", l$estimate); say(set, "leave_tau2", l$tau2)
  say(set, "cumulative", cumul(m)$estimate)
  for (test in c("z", "knha")) {
    i <- influence(rma(y, v, data = d, method = "REML", test = test, control = tight))$inf
    for (what in c("rstudent", "dffits", "cook.d", "cov.r", "tau2.del", "QE.del", "hat")) say(set, paste0(what, "/", test), i[[what]])
  }
}

# The tightest of three tolerances at which the optimiser says that it has converged.
three <- function(d, V, f) {
  for (tolerance in c(1e-13, 1e-11, 1e-8)) {
    control <- list(optimizer = "nlminb", rel.tol = tolerance, x.tol = tolerance, eval.max = 5000, iter.max = 5000)
    m <- try(rma.mv(y, V, mods = f, random = ~ 1 | study/row, data = d, control = control), silent = TRUE)
    if (!inherits(m, "try-error")) return(m)
  }
  stop(m)
}

several <- function(set, d) {
  d$row <- seq_len(nrow(d))
  for (rho in c(0, 0.6)) for (mods in c("none", "x")) {
    V <- impute_covariance_matrix(d$v, cluster = d$study, r = rho)
    f <- if (mods == "none") ~ 1 else ~ x
    m <- three(d, V, f)
    what <- paste0("three/", rho, "/", mods)
    say(set, what, c(m$b, m$se, m$sigma2, as.numeric(logLik(m))))
    ct <- coef_test(m, vcov = "CR2", cluster = d$study)
    say(set, paste0("cr2/", rho, "/", mods), c(ct$SE, ct$df_Satt, ct$p_Satt))
  }
}

for (set in unique(sets$set)) { d <- sets[sets$set == set, ]; one(set, d); several(set, d) }

s <- sizes
measure <- function(name, e) { say("sizes", paste0(name, "/y"), as.numeric(e$yi)); say("sizes", paste0(name, "/v"), as.numeric(e$vi)) }
measure("MD", escalc("MD", n1i = n1, n2i = n2, m1i = m1, m2i = m2, sd1i = s1, sd2i = s2, data = s))
measure("SMD", escalc("SMD", n1i = n1, n2i = n2, m1i = m1, m2i = m2, sd1i = s1, sd2i = s2, data = s))
measure("RR", escalc("RR", ai = x1, ci = x2, n1i = n1, n2i = n2, data = s))
measure("OR", escalc("OR", ai = x1, ci = x2, n1i = n1, n2i = n2, data = s))
measure("MC", escalc("MC", ni = n1, m1i = m1, m2i = m2, sd1i = s1, sd2i = s2, ri = r, data = s))
measure("SMCC", escalc("SMCC", ni = n1, m1i = m1, m2i = m2, sd1i = s1, sd2i = s2, ri = r, data = s))
measure("SMCR", escalc("SMCR", ni = n1, m1i = m1, m2i = m2, sd1i = s1, ri = r, data = s))
close(out)
