//! The `-X` options and variables whose values can be wrong: a process with a wrong one does not start.
//!
//! Messages are those of CPython's `initconfig.c`. An option of the command line counts more than a variable.

use crate::options::Options;

/// The least limit for digits of `int` texts that is no 0.
const LEAST_DIGITS: usize = 640;

/// What the options with checked values say; `None` where nobody has said anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Checked {
    /// The limit for digits of `int` texts.
    pub max_digits: Option<usize>,
    /// How many processors `os.cpu_count` tells of.
    pub cpu_count: Option<i64>,
    /// Whether the times of imports are told.
    pub import_time: bool,
    utf8_mode: Option<bool>,
    thread_inherit_context: Option<bool>,
    context_aware_warnings: Option<bool>,
}

impl Checked {
    /// The fields of `sys.flags` that are said.
    pub(crate) fn flags(self) -> impl Iterator<Item = (&'static str, i64)> {
        let digits = self.max_digits.map(|limit| ("int_max_str_digits", limit as i64));
        let switches = [
            ("utf8_mode", self.utf8_mode),
            ("thread_inherit_context", self.thread_inherit_context),
            ("context_aware_warnings", self.context_aware_warnings),
        ];
        digits.into_iter().chain(switches.into_iter().filter_map(|(name, on)| Some((name, i64::from(on?)))))
    }
}

impl Options {
    /// Reads the options whose values are checked; `Err` says what is wrong with the first wrong one.
    pub fn checked(&self) -> Result<Checked, String> {
        self.check_lock()?;
        self.check_seed()?;
        Ok(Checked {
            max_digits: self.max_digits()?,
            cpu_count: self.cpu_count()?,
            import_time: self.import_time()?,
            utf8_mode: self.utf8_mode()?,
            thread_inherit_context: self.switch("thread_inherit_context", "PYTHON_THREAD_INHERIT_CONTEXT")?,
            context_aware_warnings: self.switch("context_aware_warnings", "PYTHON_CONTEXT_AWARE_WARNINGS")?,
        })
    }

    /// The encoding and the error handler of the standard streams: what `PYTHONIOENCODING` says, or, where the locale says nothing of
    /// texts, that other bytes pass through unharmed.
    pub(crate) fn streams(&self) -> (Option<String>, Option<String>) {
        let said = self.variable("PYTHONIOENCODING").unwrap_or_default();
        let (encoding, errors) = said.split_once(':').unwrap_or((&said, ""));
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .into_iter()
            .find_map(|name| std::env::var(name).ok().filter(|text| !text.is_empty()));
        let passes = self.extended("utf8").is_some_and(|text| text != "0")
            || matches!(locale.as_deref(), None | Some("C" | "POSIX" | "C.UTF-8" | "C.utf8" | "UTF-8"));
        let errors =
            given(errors).or_else(|| (passes && encoding.is_empty()).then(|| "surrogateescape".to_owned()));
        (given(encoding), errors)
    }

    fn max_digits(&self) -> Result<Option<usize>, String> {
        let (name, text) = match self.extended("int_max_str_digits") {
            Some(text) => ("-X int_max_str_digits", text.to_owned()),
            None => match self.variable("PYTHONINTMAXSTRDIGITS") {
                Some(text) => ("PYTHONINTMAXSTRDIGITS", text),
                None => return Ok(None),
            },
        };
        let limit = text.parse().ok().filter(|&limit| limit == 0 || limit >= LEAST_DIGITS);
        let message = || format!("{name}: invalid limit; must be >= {LEAST_DIGITS} or 0 for unlimited.");
        limit.map(Some).ok_or_else(message)
    }

    fn cpu_count(&self) -> Result<Option<i64>, String> {
        let given = self.extended("cpu_count").map(str::to_owned);
        let Some(text) = given.or_else(|| self.variable("PYTHON_CPU_COUNT")) else { return Ok(None) };
        if text == "default" {
            return Ok(None);
        }
        let message = "-X cpu_count=n option: n is missing or an invalid number, n must be greater than 0";
        text.parse().ok().filter(|&count| count > 0).map(Some).ok_or_else(|| message.to_owned())
    }

    fn utf8_mode(&self) -> Result<Option<bool>, String> {
        let (text, message) = match self.extended("utf8") {
            Some("") => return Ok(Some(true)),
            Some(text) => (text.to_owned(), "invalid -X utf8 option value"),
            None => match self.variable("PYTHONUTF8") {
                Some(text) => (text, "invalid PYTHONUTF8 environment variable value"),
                None => return Ok(None),
            },
        };
        truth(&text).map(Some).ok_or_else(|| message.to_owned())
    }

    /// 1 asks for the modules that are loaded, 2 for those that were there already, too, which are not told yet.
    fn import_time(&self) -> Result<bool, String> {
        let given = self.extended("importtime").map(str::to_owned);
        match given.or_else(|| self.variable("PYTHONPROFILEIMPORTTIME")).as_deref() {
            None => Ok(false),
            Some("" | "1" | "2") => Ok(true),
            Some(_) => {
                Err("-X importtime: values other than 1 and 2 are reserved for future use.".to_owned())
            }
        }
    }

    /// A switch that is 0 or 1.
    fn switch(&self, name: &str, variable: &str) -> Result<Option<bool>, String> {
        if let Some(text) = self.extended(name) {
            let message = || format!("-X {name}=n: n is missing or invalid");
            return truth(text).map(Some).ok_or_else(message);
        }
        let Some(text) = self.variable(variable) else { return Ok(None) };
        truth(&text).map(Some).ok_or_else(|| format!("{variable}=N: N is missing or invalid"))
    }

    fn check_seed(&self) -> Result<(), String> {
        let given = self.variable("PYTHONHASHSEED");
        let is_good = |text: &str| text == "random" || text.parse::<u32>().is_ok();
        match given.as_deref() {
            Some(text) if !is_good(text) => {
                Err("PYTHONHASHSEED must be \"random\" or an integer in range [0; 4294967295]".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// One thread at a time runs Python code, as in CPython's ordinary builds.
    fn check_lock(&self) -> Result<(), String> {
        let given = self.extended("gil").map(str::to_owned);
        match given.or_else(|| self.variable("PYTHON_GIL")).as_deref() {
            None | Some("1") => Ok(()),
            Some("0") => Err("Disabling the GIL is not supported by this build".to_owned()),
            Some(_) => Err("PYTHON_GIL / -X gil must be \"0\" or \"1\"".to_owned()),
        }
    }
}

fn truth(text: &str) -> Option<bool> {
    match text {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(option: &str) -> Result<Checked, String> {
        let extended = vec![option.to_owned()];
        Options { extended, ignore_environment: 1, ..Options::default() }.checked()
    }

    #[test]
    fn limits_of_digits_are_checked() {
        let limit =
            |text: &str| checked(&format!("int_max_str_digits={text}")).map(|checked| checked.max_digits);
        assert_eq!(limit("0"), Ok(Some(0)));
        assert_eq!(limit("640"), Ok(Some(640)));
        assert!(limit("639").is_err() && limit("many").is_err());
    }

    #[test]
    fn switches_are_zero_or_one() {
        assert_eq!(checked("utf8").map(|checked| checked.utf8_mode), Ok(Some(true)));
        assert_eq!(checked("utf8=0").map(|checked| checked.utf8_mode), Ok(Some(false)));
        assert_eq!(checked("utf8=2"), Err("invalid -X utf8 option value".to_owned()));
        assert!(checked("context_aware_warnings").is_err() && checked("gil=0").is_err());
        assert_eq!(checked("importtime").map(|checked| checked.import_time), Ok(true));
        assert!(checked("importtime=3").is_err());
        assert_eq!(checked("cpu_count=default"), checked("dev"));
    }
}
